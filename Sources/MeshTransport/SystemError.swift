import Glibc

/// What the system says of an error number.
func systemWords(_ number: CInt) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let start = buffer.baseAddress, strerror_r(number, start, buffer.count) == 0 else {
            return "error \(number)"
        }
        return String(cString: start)
    }
}
