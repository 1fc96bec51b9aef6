/// A one-time code as somebody typed it.
public struct TypedCode: Sendable, Hashable {
    /// `xxxx-xxxx-xxxx-c`, with its check symbol.
    public var text: String
    /// The check symbol was typed, and fits.
    public var isChecked: Bool
    /// A person rather than chance seems to have picked it.
    public var looksChosen: Bool

    public init(text: String, isChecked: Bool, looksChosen: Bool) {
        self.text = text
        self.isChecked = isChecked
        self.looksChosen = looksChosen
    }
}
