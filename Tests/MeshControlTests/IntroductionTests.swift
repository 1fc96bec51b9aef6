import MeshControl
import MeshWire
import Testing

private let process = InstanceID(Bytes16())

@Suite struct IntroductionTests {
    private static let secret = Bytes32(repeatElement(7, count: 32))!
    private static let other = Bytes32(repeatElement(8, count: 32))!
    private static let hello = MembershipControl.introduce(name: "ben", version: 1, instance: process)

    private static func make(dialer: Bool, code: Bool, secret: Bytes32? = nil) -> Introduction {
        Introduction(name: "ada", version: 1, instance: process, isDialer: dialer, isCode: code, secret: secret)
    }

    @Test func membersAreDoneWithTheirNames() {
        var ada = Self.make(dialer: true, code: false)
        #expect(ada.start() == [.say(.introduce(name: "ada", version: 1, instance: process))])
        #expect(!ada.isSettled)
        #expect(ada.heard(Self.hello) == [.met(name: "ben", instance: process), .settled])
        #expect(ada.isSettled)
    }

    @Test func underACodeTheDialerKeepsTheSecretFirst() {
        var dialer = Self.make(dialer: true, code: true)
        #expect(dialer.start() == [.say(.introduce(name: "ada", version: 1, instance: process))])
        #expect(dialer.heard(Self.hello) == [.met(name: "ben", instance: process)])
        #expect(dialer.heard(.pin(secret: Self.secret)) == [.keep(Self.secret)])
        #expect(!dialer.isSettled)
        #expect(dialer.kept() == [.say(.pinned), .settled])
        #expect(dialer.secret == Self.secret)
        #expect(dialer.kept() == [])
    }

    @Test func underACodeTheListenerTellsTheSecretAndWaits() {
        var listener = Self.make(dialer: false, code: true, secret: Self.secret)
        #expect(
            listener.start() == [
                .say(.introduce(name: "ada", version: 1, instance: process)), .say(.pin(secret: Self.secret)),
            ])
        #expect(listener.heard(Self.hello) == [.met(name: "ben", instance: process)])
        #expect(!listener.isSettled)
        #expect(listener.heard(.pinned) == [.settled])
    }

    /// Told a second name, a dialer once opened a second channel, whose lanes belonged to nobody.
    @Test(arguments: [true, false], [true, false])
    func aSecondIntroductionIsABreach(dialer: Bool, code: Bool) {
        var introduction = Self.make(dialer: dialer, code: code, secret: Self.secret)
        #expect(introduction.heard(Self.hello).first == .met(name: "ben", instance: process))
        #expect(introduction.heard(Self.hello) == [.refuse(.protocolViolation)])
        #expect(!introduction.isSettled)
        #expect(introduction.heard(Self.hello) == [])
    }

    @Test func whatIsSaidBeforeItsTimeIsABreach() {
        var early = Self.make(dialer: true, code: true)
        #expect(early.heard(.pin(secret: Self.secret)) == [.refuse(.protocolViolation)])
        var listener = Self.make(dialer: false, code: true, secret: Self.secret)
        #expect(listener.heard(.pinned) == [.refuse(.protocolViolation)])
        var member = Self.make(dialer: true, code: false)
        #expect(member.heard(Self.hello).count == 2)
        #expect(member.heard(.pin(secret: Self.secret)) == [.refuse(.protocolViolation)])
        var twice = Self.make(dialer: true, code: true)
        #expect(twice.heard(Self.hello).count == 1)
        #expect(twice.heard(.pin(secret: Self.secret)) == [.keep(Self.secret)])
        #expect(twice.heard(.pin(secret: Self.secret)) == [.refuse(.protocolViolation)])
        #expect(twice.kept() == [])
    }

    @Test func anotherSecretIsAnotherPair() {
        var dialer = Self.make(dialer: true, code: true, secret: Self.secret)
        #expect(dialer.heard(Self.hello).count == 1)
        #expect(dialer.heard(.pin(secret: Self.other)) == [.refuse(.identity)])
    }

    @Test func anotherVersionIsRefused() {
        var introduction = Self.make(dialer: true, code: false)
        #expect(introduction.heard(.introduce(name: "ben", version: 2, instance: process)) == [.refuse(.unsupported)])
    }
}
