import Testing

@testable import PrimeMesh

/// Whether there are enough descriptors, and what is done where there are not.
@Suite struct OpenFilesTests {
    @Test(arguments: [
        (384, 384, OpenFiles.Verdict.enough), (1_024, 524_288, .enough), (UInt64.max, UInt64.max, .enough),
        (256, 4_096, .raise(to: 384)), (383, 384, .raise(to: 384)), (20, 383, .tooFew(383)), (0, 0, .tooFew(0)),
    ])
    func verdictFollowsBothLimits(_ soft: UInt64, _ hard: UInt64, _ verdict: OpenFiles.Verdict) {
        #expect(OpenFiles.judge(soft: soft, hard: hard) == verdict)
    }
}
