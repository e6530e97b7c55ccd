"""Child processes: started, bounded in time, stopped by their own id, and gone when the benchmark is."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """What went wrong, in words for whoever ran the benchmark."""


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Child:
    """A running program. What it says goes to a log in the scratch folder, and the end of that into a `Failure`.

    One that `reports` prints its result as lines of JSON, which `line` reads.
    """

    def __init__(self, name, command, scratch, environment=None, reports=False):
        self.name = name
        self.log = os.path.join(scratch, f"{name}.log")
        with open(self.log, "wb") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=scratch,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if reports else errors,
                stderr=errors,
                preexec_fn=die_with_parent,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Ends the program, whatever it thinks of it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def fail(self, what):
        with open(self.log, "rb") as log:
            said = log.read()[-2000:].decode(errors="replace").strip()
        raise Failure(f"{self.name}: {what}" + (f"; it said:\n{said}" if said else ""))

    def check(self):
        """Raises if the program has ended."""
        if self.process.poll() is not None:
            self.fail(f"ended too early with status {self.process.returncode}")

    def line(self, limit):
        """The next line of JSON that the program prints, within `limit` seconds."""
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        if not ready:
            self.fail(f"said nothing for {limit} s")
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(limit)
            self.fail(f"ended with status {self.process.returncode} and no result")
        return json.loads(line)

    def stop(self, limit=30):
        """Asks the program to end, and expects it to end well."""
        self.check()
        self.process.terminate()
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.fail(f"did not end within {limit} s of SIGTERM")
        if status != 0:
            self.fail(f"ended with status {status} after SIGTERM")

    def cpu_us(self):
        """User and system time of all its threads. The kernel reports it in ticks of 10 ms."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000 / TICKS_PER_SECOND

    def peak_kib(self):
        return self.memory_kib("VmHWM")

    def memory_kib(self, which="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(f"{which}:"):
                    return int(line.split()[1])
        raise Failure(f"{self.name}: no {which} in /proc/{self.process.pid}/status")


def wait_for(what, condition, limit, every=0.02):
    """Polls until the condition is true; a `Failure` after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {limit} s")
        time.sleep(every)
