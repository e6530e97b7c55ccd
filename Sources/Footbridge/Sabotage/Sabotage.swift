#if FOOTBRIDGE_SABOTAGE
    internal import Glibc

    /// Deliberate faults, one of which is at work if `FOOTBRIDGE_SABOTAGE` names it: so it is seen that the checks of
    /// `make chaos` find them. Only in builds with the flag of the same name (Package.swift), which nobody ships: there
    /// faulty parts stand in the place of the sound ones (`Parts.swift`).
    ///
    /// Where a fault is not at work all the time it is so for one of `rarity`.
    enum Sabotage: String, CaseIterable {
        // Of the sink.
        case ackBeforeDelivery
        case dropOn5xx
        case sendTwice
        /// The second request begins before the first has ended.
        case sendTwiceAtOnce
        /// The end of a delivery is told to nobody.
        case forgetDelivery
        /// What was accepted is said to have been refused.
        case buryDelivered
        /// No request is said to be possible.
        case buryUnsent
        /// The second attempt has the number of the first, and so on.
        case repeatNumber
        case ignoreRetryAfter
        case forgeBody
        case wrongID
        /// Memory is not given back.
        case leak
        case abortAtEnd
        /// What is replayed is settled, whatever its receiver says.
        case dropReplays
        /// Ends the process with an entry that has the field `abort`: no fault of ours, but one that has to be survived.
        case abortOnMarked

        // Of the law.
        case retryEarly
        case giveUpEarly
        case neverGiveUp
        /// A refusal is believed without asking once more.
        case believeRefusal
        case wrongReason

        // Of what others have.
        case neverClaim
        case claimTheLiving
        case neverHandOver
        /// Reads a stream in whose order another reads, too.
        case ignoreLease
        /// No entry waits for another.
        case forgetOrder

        // Of what people want.
        case ignorePause

        // Of what is told.
        case loseAcknowledgement
        case miscount

        static let chosen = getenv("FOOTBRIDGE_SABOTAGE").flatMap { Sabotage(rawValue: String(cString: $0)) }

        static let rarity = 100
    }
#endif
