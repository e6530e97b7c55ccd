internal import FoundationEssentials
internal import Glibc

/// What every exporter of Prometheus tells of its process, under the usual names.
/// <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>
struct ProcessMetrics {
    var cpuSeconds: Double?
    /// Seconds since 1970.
    var startTime: Double?
    var residentBytes: Double?
    var openDescriptors: Int?
    var maximumDescriptors: Double?

    func write(to text: inout MetricsText) {
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: Double?) {
            text.add("process_\(name)", kind, help, value.map { [.init([:], $0)] } ?? [])
        }
        add("cpu_seconds_total", .counter, "Processor time, of the kernel and the program.", cpuSeconds)
        add("start_time_seconds", .gauge, "When the process started, in seconds since 1970.", startTime)
        add("resident_memory_bytes", .gauge, "Memory in use.", residentBytes)
        add("open_fds", .gauge, "Open descriptors.", openDescriptors.map(Double.init))
        add("max_fds", .gauge, "Descriptors that may be open.", maximumDescriptors)
    }

    static func current() -> ProcessMetrics {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        var limit = rlimit()
        let hasLimit = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return ProcessMetrics(
            cpuSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds,
            startTime: text("/proc/self/stat").flatMap { startTicks($0) }.map { ticks in
                // /proc/stat, which has the time of the boot, is hidden by the unit (ProcSubset=pid).
                seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME) + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
            },
            residentBytes: text("/proc/self/statm").flatMap { residentPages($0) }.map {
                $0 * Double(sysconf(Int32(_SC_PAGESIZE)))
            },
            // One of them was open for looking.
            openDescriptors: descriptors.map { $0.count - 1 },
            maximumDescriptors: hasLimit ? Double(limit.rlim_cur) : nil)
    }

    /// Field 22 of /proc/self/stat, in clock ticks since the boot. Field 2 is the name in parentheses and may hold spaces
    /// and parentheses, too (proc(5)).
    static func startTicks(_ stat: String) -> Double? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        return fields.count > 20 ? Double(fields[20]) : nil
    }

    /// The second number of /proc/self/statm.
    static func residentPages(_ statm: String) -> Double? {
        let fields = statm.split(separator: " ")
        return fields.count > 1 ? Double(fields[1]) : nil
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
