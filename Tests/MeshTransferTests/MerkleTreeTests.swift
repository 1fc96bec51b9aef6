import MeshTransfer
import MeshWire
import Testing

import struct Crypto.SHA256

/// Known values were computed apart from this code, by RFC 6962's recursive definition.
@Suite struct MerkleTreeTests {
    private func sha256(_ bytes: [UInt8]) -> Digest { Digest(SHA256.hash(data: bytes)) }

    @Test(arguments: [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "d9de27625445003d8a9739a851e3ff8d41c0683630b4d63a88327a6aaa37c409"),
        (2, "604d540f09268b91672ab011394d5266ccd7d4484d0d109411a55848126a1b2c"),
        (3, "d1f13800048f5909d4043fc0c152f6643280cba608b672715e56ce159a20629f"),
        (4, "0dcc2b645c00dfa2338e1c7ac2c4b570beda5a476d58836e55e28bde55e6bee1"),
        (5, "6b313b611b40676b9e1dfd70c4503f2379f88f0f1c2740fb7e1cacc32c113465"),
        (7, "bee2275db16667589a4515f63e0d053a2fa602c1d9f9703e98920a5bdad59baf"),
        (8, "80e139b44c90f91edebec705cc7586c3d90f4bdadd49628d25c20d4b03419287"),
        (9, "aaba260cc2c4084b1d745f8817ad3d3350c5b005d8283bc3246396eee0ad9538"),
        (13, "8759c611964a1e257c11aab61dcd8206d01ae8c29799365f8f1b94045c0a9db2"),
    ]) func rootOfTheDigestsOfOneByteEach(leaves: Int, root: String) {
        var tree = MerkleTree()
        for leaf in 0..<leaves { tree.append(sha256([UInt8(leaf)])) }
        #expect(tree.root.hex == root)
        #expect(tree.count == UInt64(leaves))
    }

    @Test func theRootOfATransfer() {
        let entry = ManifestEntry(kind: .file, path: bytes("a"), size: 3, allocated: 3, mode: 0o644)
        var root = TransferRoot()
        #expect(root.value.hex == "9dbb3a5f8a2ab6478ceeced90de4c86dfcbfe520d82eeda75e0d230b4a555abf")
        root.add([entry])
        root.add(chunk: sha256(bytes("abc")))
        #expect(root.value.hex == "778a4008d51c3dda5af7c552afde41a42880bb0373aea81a9f655a614d9171ab")
        #expect(root.chunks == 1)
    }

    @Test func whereAManifestIsCutIntoPagesDoesNotMatter() {
        let entries = manifest([1, 2, 3])
        var whole = TransferRoot()
        whole.add(entries)
        var pieces = TransferRoot()
        for entry in entries { pieces.add([entry]) }
        #expect(whole.value == pieces.value)
        var other = TransferRoot()
        other.add(manifest([1, 3, 2]))
        #expect(whole.value != other.value)
    }
}
