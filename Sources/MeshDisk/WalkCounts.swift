/// What a walk met that it tells as sums.
package struct WalkCounts: Hashable, Sendable {
    /// Sources that are missed at the other side: entries of the manifest that offer nothing.
    package var omitted: UInt64 = 0
    /// Files of the node that walks: left out.
    package var own: UInt64 = 0
    /// Names of files that were met under another name before: each is sent as a file of its own.
    package var furtherNames: UInt64 = 0

    package init() {}
}
