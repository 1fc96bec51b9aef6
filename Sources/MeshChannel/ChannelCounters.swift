/// What a channel went through, for tables and the journal. Counts begin with the channel and survive its recoveries.
package struct ChannelCounters: Hashable, Sendable {
    /// The epoch that holds now.
    package var epoch: UInt32
    /// The highest generation of any lane of this epoch.
    package var generation: UInt32 = 0
    package var lanesOpened: UInt64 = 0
    /// Lanes that broke, or were closed for bad health.
    package var lanesLost: UInt64 = 0
    /// Lanes that opened while their predecessor was still up and drained.
    package var renewals: UInt64 = 0
    /// Dials that led to no lane.
    package var dialsFailed: UInt64 = 0
    /// Epochs that followed the first one.
    package var recoveries: UInt64 = 0

    package init(epoch: UInt32) {
        self.epoch = epoch
    }
}
