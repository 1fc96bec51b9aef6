import Foundation
import Glibc
import Synchronization

/// A relay on this machine between two processes: it can hold what one of them says after so many bytes, break all
/// connections, count and record. Where the two meet through it, lanes go through it too.
final class Road: Sendable {
    enum End: Sendable {
        case dialer, listener
    }

    /// A TCP port on loopback, or a Unix socket.
    enum Place: Sendable {
        case port(UInt16)
        case path(String)
    }

    private let place: Place
    private let held: End
    private let listener: Int32
    private let target: Place
    private let isRecording: Bool
    private let state: Mutex<State>

    /// One connection, as its two ends spoke.
    struct Conversation: Sendable {
        var dialer: [UInt8] = []
        var listener: [UInt8] = []
    }

    private struct State {
        /// Bytes that the held end may still say.
        var allowance: Int
        var sockets: Set<Int32> = []
        var passed = 0
        var record: [Int32: Conversation] = [:]
        var ended: [Conversation] = []
        var isClosed = false

        func sockets(of plane: String) -> [Int32] {
            let word = Array(plane.utf8)
            return record.filter { $0.value.dialer.prefix(2_048).contains(word) }.map(\.key)
        }
    }

    init(from place: Place, to target: Place, holding end: End, after bytes: Int, recording: Bool) throws {
        held = end
        self.place = place
        self.target = target
        isRecording = recording
        state = Mutex(State(allowance: bytes))
        listener = target.socket()
        guard place.bind(listener) == 0, listen(listener, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
        Thread.detachNewThread { self.accept() }
    }

    /// Where a dialer finds the road; 0 where it is a Unix socket.
    var port: UInt16 {
        if case .port(let port) = place { port } else { 0 }
    }

    /// Bytes that passed, both ways.
    var passed: Int { state.withLock { $0.passed } }
    /// What was said on each connection.
    var conversations: [Conversation] { state.withLock { $0.ended + $0.record.values } }
    /// All of it, one end of one connection after the other.
    var record: [UInt8] { conversations.flatMap { $0.dialer + $0.listener } }

    /// What is held goes on.
    func release() { state.withLock { $0.allowance = .max } }

    /// Breaks every connection; new ones are taken.
    func cut() { state.withLock { for socket in $0.sockets { shutdown(socket, Int32(SHUT_RDWR)) } } }

    /// Breaks the connections of one plane, which a recording road knows by the word in clear in their first message.
    func cut(_ plane: String) {
        state.withLock { for socket in $0.sockets(of: plane) { shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    /// Connections of one plane that are there.
    func count(_ plane: String) -> Int { state.withLock { $0.sockets(of: plane).count } }

    func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
        release()
    }

    private func accept() {
        while true {
            let inner = Glibc.accept(listener, nil, nil)
            guard inner >= 0 else { break }
            let outer = target.socket()
            guard target.connect(outer) == 0 else {
                // As if nobody listened here either: reset, not ended.
                var now = linger(l_onoff: 1, l_linger: 0)
                setsockopt(inner, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
                Glibc.close(inner)
                Glibc.close(outer)
                continue
            }
            state.withLock { $0.sockets.formUnion([inner, outer]) }
            Thread.detachNewThread { self.carry(inner, outer) }
        }
        Glibc.close(listener)
    }

    /// Both ways of one connection: upwards on a thread of its own, downwards here.
    private func carry(_ inner: Int32, _ outer: Int32) {
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            self.copy(from: inner, to: outer, saidBy: .dialer, on: inner)
            done.signal()
        }
        copy(from: outer, to: inner, saidBy: .listener, on: inner)
        done.wait()
        state.withLock { state in
            state.sockets.subtract([inner, outer])
            if let conversation = state.record.removeValue(forKey: inner) { state.ended.append(conversation) }
        }
        Glibc.close(inner)
        Glibc.close(outer)
    }

    private func copy(from source: Int32, to target: Int32, saidBy end: End, on connection: Int32) {
        let isHeld = end == held
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let allowed = isHeld ? allowance(room.count) : room.count
            let count = allowed > 0 ? recv(source, &room, allowed, 0) : 0
            guard count > 0 else { break }
            note(room[..<count], saidBy: end, on: connection)
            var sent = 0
            while sent < count {
                let written = room[sent..<count].withUnsafeBytes {
                    Glibc.send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
        }
        shutdown(target, Int32(SHUT_WR))
        shutdown(source, Int32(SHUT_RD))
    }

    /// How much may pass now, at most `limit`; waits while nothing may.
    private func allowance(_ limit: Int) -> Int {
        while true {
            let (allowed, isClosed) = state.withLock { ($0.allowance, $0.isClosed) }
            if isClosed { return 0 }
            if allowed > 0 { return min(limit, allowed) }
            usleep(2_000)
        }
    }

    private func note(_ bytes: ArraySlice<UInt8>, saidBy end: End, on connection: Int32) {
        state.withLock { state in
            state.passed += bytes.count
            if end == held, state.allowance != .max { state.allowance = max(0, state.allowance - bytes.count) }
            guard isRecording else { return }
            switch end {
            case .dialer: state.record[connection, default: Conversation()].dialer += bytes
            case .listener: state.record[connection, default: Conversation()].listener += bytes
            }
        }
    }
}

extension Road.Place {
    fileprivate func socket() -> Int32 {
        let family = if case .port = self { AF_INET } else { AF_UNIX }
        return Glibc.socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    fileprivate func bind(_ descriptor: Int32) -> Int32 {
        switch self {
        case .port(let port): Loopback.bind(descriptor, port)
        case .path(let path): Self.with(path) { Glibc.bind(descriptor, $0, $1) }
        }
    }

    fileprivate func connect(_ descriptor: Int32) -> Int32 {
        switch self {
        case .port(let port): Loopback.connect(descriptor, port)
        case .path(let path): Self.with(path) { Glibc.connect(descriptor, $0, $1) }
        }
    }

    private static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// Addresses of 127.0.0.1 for the calls that want them.
enum Loopback {
    static func bind(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return with(port) { Glibc.bind(descriptor, $0, $1) }
    }

    static func connect(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        with(port) { Glibc.connect(descriptor, $0, $1) }
    }

    private static func with(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
