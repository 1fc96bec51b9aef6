import CZlib

/// One zlib stream for deflating, made once and used for many chunks (RFC 1950).
package struct Deflater: ~Copyable {
    // A z_stream must not move while zlib holds on to it: its state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let level: Int32

    /// `level`: 1 (fastest) to 9 (smallest). Nil when memory for the stream (about 256 KiB) is not to be had.
    package init?(level: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.level = Int32(min(max(level, 1), 9))
        // Z_OK; Z_MEM_ERROR; Z_STREAM_ERROR and Z_VERSION_ERROR cannot occur: the level is clamped, the header is the library's.
        let result = deflateInit_(stream, self.level, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Deflates `input`, which is whole, into `regions`; answers the bytes written, or nil where they did not suffice: then
    /// the chunk is sent as it is. `input` may lie in several pieces.
    package mutating func deflate(
        _ input: [UnsafeRawBufferPointer], into regions: [UnsafeMutableRawBufferPointer]
    ) -> Int? {
        guard deflateReset(stream) == Z_OK else { return nil }
        var written = 0
        var remaining = regions[...]
        for (index, piece) in input.enumerated() {
            // zlib does not write through next_in; its type lacks the const of its promise.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: piece.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = UInt32(piece.count)
            let flush = index == input.count - 1 ? Z_FINISH : Z_NO_FLUSH
            while true {
                if stream.pointee.avail_out == 0 {
                    guard let region = remaining.popFirst() else { return nil }
                    stream.pointee.next_out = region.bindMemory(to: UInt8.self).baseAddress
                    stream.pointee.avail_out = UInt32(region.count)
                }
                let before = stream.pointee.avail_out
                // Z_OK: more room or more input is needed; Z_STREAM_END: all is out; Z_BUF_ERROR: no progress, the same as
                // Z_OK here; Z_STREAM_ERROR cannot occur with a stream this type alone touches.
                let result = CZlib.deflate(stream, flush)
                written += Int(before - stream.pointee.avail_out)
                if result == Z_STREAM_END { return reset(written) }
                if stream.pointee.avail_in == 0 && flush == Z_NO_FLUSH { break }
                if stream.pointee.avail_out > 0 && result == Z_BUF_ERROR { return nil }
            }
        }
        return nil
    }

    private mutating func reset(_ written: Int) -> Int {
        stream.pointee.avail_out = 0
        stream.pointee.next_out = nil
        return written
    }
}

/// One zlib stream for inflating, bounded by the length its plan says.
package struct Inflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Nil when memory for the stream (about 40 KiB) is not to be had.
    package init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Inflates the pieces of one whole stream into `output`. True only when the stream ends exactly where input and
    /// output end: a bomb stops at the bound, a stream that is short or has a tail is refused.
    package mutating func inflate(_ input: [UnsafeRawBufferPointer], into output: UnsafeMutableRawBufferPointer) -> Bool
    {
        guard inflateReset(stream) == Z_OK else { return false }
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        for (index, piece) in input.enumerated() {
            stream.pointee.next_in = UnsafeMutablePointer(mutating: piece.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = UInt32(piece.count)
            // Z_OK: go on; Z_STREAM_END: whole; Z_BUF_ERROR: no room or no input; Z_DATA_ERROR, Z_NEED_DICT, Z_MEM_ERROR: refused.
            let result = CZlib.inflate(stream, Z_NO_FLUSH)
            if result == Z_STREAM_END {
                return stream.pointee.avail_in == 0 && index == input.count - 1 && stream.pointee.avail_out == 0
            }
            // A stream whose plain bytes are all out may still have its checksum in the next piece.
            guard result == Z_OK || result == Z_BUF_ERROR, stream.pointee.avail_in == 0 else { return false }
        }
        return false
    }
}
