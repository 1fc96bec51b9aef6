import MeshWire

/// Whether links lead out of the tree they came in.
package enum LinkTarget {
    /// True for an absolute target and for one that climbs above the destination.
    ///
    /// A `..` behind a name counts as climbing out too: the name may be another link, which makes the lexical answer
    /// worthless (`up -> ../..` and then `x -> up/..`). Links that only climb first cannot be combined that way, for
    /// the folders that hold them are real ones.
    package static func leadsOutside(_ target: [UInt8], from folder: ArraySlice<[UInt8]>) -> Bool {
        let slash = UInt8(ascii: "/")
        guard target.first != slash else { return true }
        var depth = folder.count
        var isBehindName = false
        for part in target.split(separator: slash) {
            if part.elementsEqual("..".utf8) {
                depth -= 1
                if isBehindName || depth < 0 { return true }
            } else if !part.elementsEqual(".".utf8) {
                isBehindName = true
            }
        }
        return false
    }
}
