import MeshWire

let second: UInt64 = 1_000_000_000
let ms: Int64 = 1_000_000

func node(_ byte: UInt8) -> NodeID { NodeID(Bytes32(repeatElement(byte, count: 32))!) }
func address(_ host: String) -> NodeAddress { NodeAddress(host: host, port: 4_733) }
