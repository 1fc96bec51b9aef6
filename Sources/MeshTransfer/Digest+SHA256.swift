package import MeshWire

package import struct Crypto.SHA256

extension Digest {
    /// What a hasher made, copied at once: as a sequence it would first become an array.
    package init(_ hash: SHA256.Digest) {
        self = hash.withUnsafeBytes { Digest($0) } ?? Digest()
    }
}
