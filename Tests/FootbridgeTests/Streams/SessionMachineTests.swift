import FootbridgeRedis
import RedisStreams
import Testing

@testable import Footbridge

struct SessionMachineTests {
    private let first = GroupMark(name: "footbridge:group:a@5-0")
    private let second = GroupMark(name: "footbridge:group:b@90-0")

    /// Open, in the group `first`, having read up to 40.
    private var open: SessionMachine {
        var machine = SessionMachine()
        _ = machine.didConnect()
        _ = machine.didMeet(first, 1)
        _ = machine.didRegister(isOurs: true, 1)
        _ = machine.didAdopt(1)
        _ = machine.didLocate(EntryID(milliseconds: 5), 1)
        _ = machine.didProve(1)
        machine.didStartReading()
        _ = machine.didRead(upTo: EntryID(milliseconds: 40))
        return machine
    }

    @Test func `a connection is prepared step by step, then opened`() {
        var machine = SessionMachine()
        #expect(machine.didConnect() == .perform(.meet))
        #expect(machine.didMeet(first, 1) == .perform(.register))
        #expect(machine.didRegister(isOurs: true, 1) == .perform(.adopt))
        #expect(machine.didAdopt(1) == .perform(.locate))
        #expect(machine.didLocate(EntryID(milliseconds: 5), 1) == .perform(.prove))
        #expect(machine.didProve(1) == .open)
        #expect(machine.isOpen && machine.epoch == 0 && machine.position == EntryID(milliseconds: 5))
    }

    // MARK: - A stream that one consumer at a time reads

    private func lease(_ fence: Int = 1) -> LeaseMark? { LeaseMark("footbridge:lease:\(fence):t:3000:a.1") }

    /// At the step that asks for the lease.
    private func asking() -> SessionMachine {
        var machine = SessionMachine(isLeased: true)
        _ = machine.didConnect()
        _ = machine.didMeet(first, 1)
        #expect(machine.didRegister(isOurs: true, 1) == .perform(.lease))
        return machine
    }

    private func leading() -> SessionMachine {
        var machine = asking()
        _ = machine.didLease(lease(), 1)
        _ = machine.didAdopt(1)
        _ = machine.didLocate(EntryID(milliseconds: 5), 1)
        _ = machine.didProve(1)
        return machine
    }

    @Test func `with the lease all that is pending is adopted, then the stream is read`() {
        var machine = asking()
        #expect(!machine.mayStart)
        #expect(machine.didLease(lease(), 1) == .perform(.adopt))
        #expect(machine.mayStart && machine.lease == lease())
        _ = machine.didAdopt(1)
        _ = machine.didLocate(EntryID(milliseconds: 5), 1)
        #expect(machine.didProve(1) == .open)
        #expect(machine.mayRead && machine.mayStart)
    }

    @Test func `without it the session stands by until it may be free`() {
        var machine = asking()
        #expect(machine.didLease(nil, 1) == .standBy)
        #expect(machine.state == .standby && machine.standsBy && !machine.mayStart && !machine.mayRead)
        #expect(machine.mayLead() == .perform(.meet))
        #expect(machine.standsBy)
        _ = machine.didMeet(first, 2)
        _ = machine.didRegister(isOurs: true, 2)
        #expect(machine.didLease(lease(2), 2) == .perform(.adopt))
        #expect(!machine.standsBy)
    }

    @Test func `nothing starts from the moment when the lease is in doubt`() {
        var machine = leading()
        #expect(machine.loseLease() == .perform(.meet))
        #expect(!machine.mayStart && !machine.mayRead)
        machine = leading()
        machine.didDisconnect()
        #expect(!machine.mayStart)
        machine = leading()
        #expect(machine.missGroup() == .perform(.create))
        #expect(!machine.mayStart)
        // Told late, of what is known.
        machine = asking()
        #expect(machine.loseLease() == .none)
        var other = open
        #expect(other.loseLease() == .none && other.mayStart && other.mayLead() == .none)
    }

    @Test func `a stream that is left to another is neither read nor sent, until it is asked for again`() {
        var machine = leading()
        #expect(machine.beginHandingOver() == true)
        #expect(!machine.mayStart && !machine.mayRead && machine.lease == lease())
        #expect(machine.didHandOver() == .perform(.meet))
        #expect(machine.lease == nil && machine.didHandOver() == .none)
        var other = open
        #expect(other.beginHandingOver() == false)
        machine = asking()
        #expect(machine.beginHandingOver() == false)
    }

    @Test func `what is held goes back into a new group before the lease is asked for`() {
        var machine = leading()
        _ = machine.sawMark(second.name)
        let number = machine.preparation
        _ = machine.didMeet(second, number)
        #expect(machine.didRegister(isOurs: true, number) == .perform(.restore))
        _ = machine.didRestore(number)
        #expect(machine.didPutBack(number) == .perform(.lease))
    }

    // MARK: - Groups

    @Test func `a group that is missing at the start is made, and nothing is put back`() {
        var machine = SessionMachine()
        _ = machine.didConnect()
        #expect(machine.missGroup() == .perform(.create))
        #expect(machine.didCreate(at: EntryID(milliseconds: 7), 2) == .perform(.meet))
        #expect(machine.didMeet(first, 3) == .perform(.register))
        #expect(machine.didRegister(isOurs: true, 3) == .perform(.adopt))
        #expect(machine.didAdopt(3) == .perform(.prove))
        #expect(machine.epoch == 0 && machine.position == EntryID(milliseconds: 7))
    }

    @Test func `another mark begins another epoch: what is held goes back once, and the group to where it stood`() {
        var machine = open
        #expect(machine.sawMark(first.name) == .none)
        #expect(machine.sawMark(second.name) == .perform(.meet))
        let number = machine.preparation
        #expect(machine.didMeet(second, number) == .perform(.register))
        #expect(machine.epoch == 1)
        #expect(machine.didRegister(isOurs: true, number) == .perform(.restore))
        // 40 was read, the new group begins behind 90.
        #expect(machine.didRestore(number) == .perform(.putBack))
        #expect(machine.didPutBack(number) == .perform(.adopt))
        #expect(machine.didAdopt(number) == .perform(.prove))
        #expect(machine.didProve(number) == .open)
        #expect(!machine.mustRestore)
    }

    @Test func `a group that begins before what was read is not put back`() {
        var machine = open
        _ = machine.sawMark("footbridge:group:c@30-0")
        let number = machine.preparation
        _ = machine.didMeet(GroupMark(name: "footbridge:group:c@30-0"), number)
        _ = machine.didRegister(isOurs: true, number)
        #expect(machine.didRestore(number) == .perform(.adopt))
    }

    @Test func `a lost connection between meeting and putting back does not lose that it has to be done`() {
        var machine = open
        _ = machine.missGroup()
        _ = machine.didCreate(at: EntryID(milliseconds: 40), machine.preparation)
        _ = machine.didMeet(second, machine.preparation)
        machine.didDisconnect()
        #expect(machine.didConnect() == .perform(.meet))
        _ = machine.didMeet(second, machine.preparation)
        #expect(machine.didRegister(isOurs: true, machine.preparation) == .perform(.restore))
    }

    @Test func `one read is outstanding at a time`() {
        var machine = open
        #expect(machine.mayRead)
        machine.didStartReading()
        #expect(!machine.mayRead && machine.isOpen)
        machine.didFailReading()
        #expect(machine.mayRead)
    }

    @Test func `a read that was sent before another epoch is doubtful`() {
        var machine = open
        machine.didStartReading()
        _ = machine.sawMark(second.name)
        _ = machine.didMeet(second, machine.preparation)
        let isDoubtful = machine.didRead(upTo: EntryID(milliseconds: 41))
        #expect(isDoubtful)
        machine.didStartReading()
        #expect(machine.didRead(upTo: nil) == false)
    }

    @Test func `answers to an earlier preparation say nothing`() {
        var machine = open
        _ = machine.sawMark(second.name)
        let late = machine.preparation
        machine.didDisconnect()
        _ = machine.didConnect()
        #expect(machine.didMeet(second, late) == .none)
        #expect(machine.state == .preparing(.meet))
    }

    @Test func `another process of the same name is waited for`() {
        var machine = SessionMachine()
        _ = machine.didConnect()
        _ = machine.didMeet(first, 1)
        #expect(machine.didRegister(isOurs: false, 1) == .prepareAfter(.seconds(1)))
        #expect(machine.state == .rival && !machine.mayRead)
        #expect(machine.didWait() == .perform(.meet))
    }

    @Test func `a refusal is asked again after growing pauses, and a read resets them`() {
        var machine = open
        var pauses: [Duration] = []
        for _ in 0..<8 {
            guard case .prepareAfter(let pause) = machine.didRefuse() else { break }
            pauses.append(pause)
            _ = machine.didWait()
        }
        #expect(pauses.map { $0 / .milliseconds(1) } == [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
        _ = machine.didRead(upTo: nil)
        #expect(machine.refusals == 0)
    }

    /// Lookalikes of Redis answer a blocking read at once: 10,600 times a second, without a pause.
    @Test func `hasty answers are followed by growing pauses`() {
        var machine = open
        let pauses = (0..<6).map { _ in machine.noteAnswer(isHasty: true) }
        #expect(pauses == [100, 200, 400, 800, 1000, 1000].map { Duration.milliseconds($0) })
        #expect(machine.noteAnswer(isHasty: false) == nil)
        #expect(machine.noteAnswer(isHasty: true) == .milliseconds(100))
    }

    @Test func `nothing happens after the end`() {
        var machine = open
        machine.close()
        #expect(machine.didConnect() == .none)
        #expect(machine.missGroup() == .none)
        #expect(machine.didRefuse() == .none)
        #expect(machine.sawMark(second.name) == .none)
    }

    /// Whatever happens in whatever order: reading is allowed only with everything prepared in the present epoch.
    @Test(arguments: 1...50) func `no sequence of events allows reading before what is held was put back`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var machine = SessionMachine()
        let marks = [first, second, GroupMark(name: "footbridge:group:c@60-0")]
        var epoch = 0
        for _ in 0..<2000 {
            let number = machine.preparation - (Int.random(in: 0..<8, using: &random) == 0 ? 1 : 0)
            let mark = marks[Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<18, using: &random) {
            case 0: _ = machine.didConnect()
            case 1: machine.didDisconnect()
            case 2: _ = machine.didConnectCommands()
            case 3: _ = machine.didWait()
            case 4, 5: _ = machine.didMeet(mark, number)
            case 6: _ = machine.didCreate(at: EntryID(milliseconds: 50), number)
            case 7, 8: _ = machine.didRegister(isOurs: Bool.random(using: &random), number)
            case 9: _ = machine.didRestore(number)
            case 10: _ = machine.didPutBack(number)
            case 11: _ = machine.didAdopt(number)
            case 12: _ = machine.didLocate(EntryID(milliseconds: 3), number)
            case 13: _ = machine.didProve(number)
            case 14: _ = machine.missGroup()
            case 15: _ = machine.sawMark(mark.name)
            case 16: _ = machine.didRefuse()
            default:
                if machine.mayRead {
                    machine.didStartReading()
                } else if machine.reading != nil {
                    _ = machine.didRead(upTo: EntryID(milliseconds: 9))
                }
            }
            #expect(machine.epoch >= epoch)
            epoch = machine.epoch
            if machine.mayRead { #expect(!machine.mustRestore && machine.mark != nil) }
            if machine.state == .offline { #expect(machine.reading == nil) }
        }
    }
}
