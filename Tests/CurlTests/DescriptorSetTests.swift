import Glibc
import Testing

@testable import FootbridgeCurl

struct DescriptorSetTests {
    /// Two ends of a stream, closed at the end.
    private final class Ends {
        let near: Int32
        let far: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
            (near, far) = (ends[0], ends[1])
        }

        func say(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(far, $0.baseAddress, $0.count) } }

        deinit {
            close(near)
            close(far)
        }
    }

    private func dispatch(_ set: DescriptorSet) {
        set.isSignalled = true
        set.dispatch()
    }

    @Test(arguments: PollerKind.allCases) func `a handler is called while there is something to read, and only then`(
        _ kind: PollerKind
    ) throws {
        let set = try DescriptorSet(kind)
        let ends = Ends()
        var calls: [Readiness] = []
        #expect(set.watch(ends.near) { calls.append($0) })
        dispatch(set)
        #expect(calls == [])
        ends.say("x")
        dispatch(set)
        dispatch(set)
        #expect(calls == [.read, .read])
        set.dispatch()
        #expect(calls.count == 2, "not signalled, not asked")
        set.forget(ends.near)
        dispatch(set)
        #expect(calls.count == 2)
    }

    @Test(arguments: PollerKind.allCases) func `writing is reported only while it is asked for`(_ kind: PollerKind)
        throws
    {
        let set = try DescriptorSet(kind)
        let ends = Ends()
        var calls: [Readiness] = []
        #expect(set.watch(ends.near) { calls.append($0) })
        set.setWriting(true, ends.near)
        dispatch(set)
        ends.say("x")
        dispatch(set)
        set.setWriting(false, ends.near)
        dispatch(set)
        #expect(calls == [.write, [.read, .write], .read])
    }

    @Test(arguments: PollerKind.allCases) func `the end of the peer is something to read`(_ kind: PollerKind) throws {
        let set = try DescriptorSet(kind)
        let ends = Ends()
        var calls = 0
        #expect(set.watch(ends.near) { readiness in if readiness.contains(.read) { calls += 1 } })
        shutdown(ends.far, Int32(SHUT_RDWR))
        dispatch(set)
        #expect(calls == 1)
    }

    /// Two sockets are ready in one round; the handler of the first closes both and opens another, which gets a number of theirs.
    @Test(arguments: PollerKind.allCases)
    func `what was meant for a closed descriptor does not reach the one that has its number now`(_ kind: PollerKind)
        throws
    {
        let set = try DescriptorSet(kind)
        let (first, second) = (Ends(), Ends())
        var calls: [String] = []
        var successors: [Int32] = []
        func handler(_ name: String) -> (Readiness) -> Void {
            { _ in
                calls.append(name)
                for ends in [first, second] {
                    set.forget(ends.near)
                    // Takes the number over, as a new socket would that is opened after this one was closed.
                    let silent = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                    var pair: [Int32] = [-1, -1]
                    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
                    dup2(pair[0], ends.near)
                    close(silent)
                    close(pair[0])
                    successors.append(pair[1])
                    #expect(set.watch(ends.near) { _ in calls.append("successor") })
                }
            }
        }
        #expect(set.watch(first.near, handler("first")))
        #expect(set.watch(second.near, handler("second")))
        first.say("x")
        second.say("x")
        dispatch(set)
        #expect(calls.count == 1 && calls != ["successor"])
        let x: [UInt8] = [0x78]
        for successor in successors { _ = write(successor, x, 1) }
        dispatch(set)
        #expect(calls.dropFirst() == ["successor", "successor"])
        successors.forEach { close($0) }
    }

    @Test(arguments: PollerKind.allCases) func `more ready descriptors than one round takes are served in the next`(
        _ kind: PollerKind
    ) throws {
        let set = try DescriptorSet(kind)
        let all = (0..<150).map { _ in Ends() }
        var seen: [Int: Int] = [:]
        for (number, ends) in all.enumerated() {
            #expect(
                set.watch(ends.near) { _ in
                    var byte: UInt8 = 0
                    _ = read(ends.near, &byte, 1)
                    seen[number, default: 0] += 1
                })
            ends.say("x")
        }
        for _ in 0..<3 { dispatch(set) }
        #expect(seen == Dictionary(uniqueKeysWithValues: (0..<150).map { ($0, 1) }))
    }

    @Test(arguments: PollerKind.allCases) func `a descriptor that is none is refused`(_ kind: PollerKind) throws {
        #expect(try !DescriptorSet(kind).watch(-1) { _ in })
    }
}
