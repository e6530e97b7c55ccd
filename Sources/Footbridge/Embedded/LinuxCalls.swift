import Glibc

/// Functions of glibc that stand behind `_GNU_SOURCE`, which Swift's Glibc module leaves out; `nil` where libc is older.
enum LinuxCalls {
    /// pidfd_open(2), glibc 2.36: a descriptor that becomes readable when the process ends.
    static let pidfdOpen: (@Sendable @convention(c) (pid_t, UInt32) -> Int32)? = function("pidfd_open")

    /// pidfd_send_signal(2), glibc 2.36: cannot hit another process that got the same pid.
    static let pidfdSendSignal: (@Sendable @convention(c) (Int32, Int32, UnsafeMutableRawPointer?, UInt32) -> Int32)? =
        function("pidfd_send_signal")

    /// posix_spawn_file_actions_addclosefrom_np(3), glibc 2.34.
    static let addCloseFrom:
        (@Sendable @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32)? =
            function("posix_spawn_file_actions_addclosefrom_np")

    /// memfd_create(2), glibc 2.27.
    static let memfdCreate: (@Sendable @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32)? =
        function("memfd_create")

    /// `MFD_CLOEXEC | MFD_ALLOW_SEALING`, linux/memfd.h.
    static let memfdSealable: UInt32 = 0x3
    /// `F_ADD_SEALS`, linux/fcntl.h.
    static let addSeals: Int32 = 1033
    /// `F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE`.
    static let allSeals: Int32 = 0xf

    /// `POSIX_SPAWN_SETSID`, bits/spawn.h.
    static let spawnSetSession: Int16 = 0x80

    private static func function<Function>(_ name: String) -> Function? {
        dlsym(nil, name).map { unsafeBitCast($0, to: Function.self) }
    }
}
