"""What the drills have in common: a bridge that can be asked for its metrics, and a receiver that can be sick."""

import os
import signal
import time
import urllib.request

from .contenders import STREAM, Footbridge, compile_c
from .processes import TICKS_PER_SECOND, Child, Failure, free_port

DEAD = f"{{{STREAM}}}:dead:bench"
STATUS_503, CLOSED, WELL = signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP


class Others:
    """Cores that the rest of the machine keeps busy meanwhile: it explains odd rates."""

    def __init__(self, *children):
        self.children = children
        self.began = self.sample()

    def sample(self):
        with open("/proc/stat") as stat:
            user, nice, system, _, _, *rest = map(int, stat.readline().split()[1:9])
        busy = (user + nice + system + sum(rest)) / TICKS_PER_SECOND
        own = sum(os.times()[:2]) + sum(child.cpu_us() for child in self.children) / 1e6
        return busy - own, time.monotonic()

    def cores(self):
        (busy, now), (first, began) = self.sample(), self.began
        return max(0.0, (busy - first) / (now - began))

    @staticmethod
    def text(cores):
        """What is to be said of the most that others took in a measurement."""
        return f"  others kept {cores:.2f} cores busy at most" + (": too many for figures to quote" if cores > 0.2 else "")


class Patient(Footbridge):
    """The release binary of the comparison, with metrics."""

    def __init__(self, scratch, binary):
        super().__init__(scratch, binary, "fields")
        self.admin = free_port()

    def more(self):
        return {"admin": {"listen": f"127.0.0.1:{self.admin}"}}

    def retried(self):
        """Attempts that failed and are to be repeated, those of probes included."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.admin}/metrics", timeout=10) as response:
            for line in response.read().decode().splitlines():
                if line.startswith("footbridge_attempts_retried_total{"):
                    return int(float(line.split()[-1]))
        raise Failure("footbridge: no footbridge_attempts_retried_total in its metrics")


class Receiver(Child):
    """`receiver.c`: it refuses bodies with the word."""

    def __init__(self, scratch, word):
        super().__init__("receiver", [compile_c("receiver"), word], scratch, reports=True)

    def url(self):
        return f"http://127.0.0.1:{self.line(10)['port']}/hooks"

    def becomes(self, state):
        self.check()
        self.process.send_signal(state)

    def report(self):
        self.check()
        self.process.terminate()
        return self.line(10) | self.line(10)
