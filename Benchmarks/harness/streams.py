"""Adding to and reading from streams: the library, redis-py and redis-benchmark, one after the other."""

import os
import resource
import subprocess
from statistics import median

from . import order
from .processes import Child, Failure
from .report import header, row
from .servers import program

# Of the library by each part and contender, at least; by pages, at most.
GOALS = {
    ("add", "redis-py"): 3.0,
    ("add", "redis-benchmark"): 0.85,
    ("read", "redis-benchmark"): 0.9,
    ("work", "redis-py"): 2.0,
}
GROWTH_MB = 2.0
# Clients and commands of each under way: the most that redis-benchmark gets out of the server depends on both.
READERS = ((4, 1), (1, 3), (2, 2))
# What is measured, by whom.
PARTS = {
    "add": ("Adding", ("library", "redis-py", "redis-benchmark")),
    "read": ("Reading by a group", ("library", "redis-py", "redis-benchmark")),
    "calls": ("Reading by a group, call after call", ("library", "redis-benchmark")),
    "work": ("Working through a group: reading and acknowledging", ("library", "redis-py")),
    "process": ("The same by process: attempts, leases, dead letters", ("library", "redis-py")),
}
LIMIT = 120
STREAM, GROUP = "bench", "g"


def contenders(body, options, server, scratch):
    script = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "streams_redis_py.py")
    return {
        "library": Client("library", [options.library], body, options, server, scratch),
        "redis-py": Client("redis-py", [options.python, script], body, options, server, scratch),
        "redis-benchmark": Benchmark(body, options, server, scratch),
    }


class Contender:
    """Works on one stream; what it has done is counted by the server."""

    def __init__(self, body, options, server, scratch):
        self.body, self.options, self.server, self.scratch = body, options, server, scratch

    def add(self):
        with self.server.connect() as redis:
            redis("DEL", STREAM)
            figures = self.run_add()
            if redis("XLEN", STREAM) != self.options.entries:
                raise Failure(f"{self.name}: {redis('XLEN', STREAM)} entries are in the stream")
        return figures

    def read(self):
        return self.read_by_group("read", pending=self.options.entries)

    def calls(self):
        return self.read_by_group("calls", pending=self.options.entries)

    def work(self):
        return self.read_by_group("work", pending=0)

    def process(self):
        """The library's worker; redis-py has none, and does what it does in "work"."""
        return self.read_by_group("process" if self.name == "library" else "work", pending=0)

    def read_by_group(self, part, pending):
        with self.server.connect() as redis:
            preload(redis, self.options.entries, self.body)
            redis("XGROUP", "CREATE", STREAM, GROUP, "0")
            figures = self.run_read(part)
            left = redis("XPENDING", STREAM, GROUP)[0]
            # The library's loop is left with the last entry at hand.
            if left not in (pending, pending + 1):
                raise Failure(f"{self.name}: {part}: {left} entries are pending")
        return figures


class Client(Contender):
    def __init__(self, name, command, *rest):
        super().__init__(*rest)
        self.name, self.command = name, command

    def run(self, part, *arguments):
        words = [*self.command, part, "--port", str(self.server.port), *map(str, arguments)]
        with Child(self.name, words, self.scratch, reports=True) as child:
            return child.line(LIMIT)

    def run_add(self):
        return self.run("add", "--body", self.body, "--entries", self.options.entries, *self.depth())

    def depth(self):
        return () if self.name == "library" else ("--depth", self.options.depth)

    def run_read(self, part):
        figures = self.run(part, "--entries", self.options.entries, "--count", self.options.count)
        expected = sum(number % 10 for number in range(self.options.entries))
        if figures["checksum"] != expected:
            raise Failure(f"{self.name}: looked at the wrong entries: {figures['checksum']}, not {expected}")
        return figures


class Benchmark(Contender):
    """Sends the same bytes again and again, and does not look at the replies: what the server can do.

    As one client that waits for each reply; in "read" as whichever of `READERS` gets most out of the server in this round.
    """

    name = "redis-benchmark"

    def run(self, requests, clients, depth, *words):
        command = [program("redis-benchmark"), "-p", str(self.server.port), "-c", str(clients), "-P", str(depth)]
        command += ["-n", str(requests), "--csv", *map(str, words)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # The first column is the command as it is, quotes and commas included; behind it come rps and six latencies.
        seconds = requests / float(done.stdout.splitlines()[-1].rsplit('","', 7)[1])
        return {"entries": self.options.entries, "seconds": seconds, "cpu_us": cpu * 1e6}

    def run_add(self):
        pairs = [part for pair in order.entry(0, self.body).items() for part in pair]
        return self.run(self.options.entries, 1, self.options.depth, "XADD", STREAM, "*", *pairs)

    def read(self):
        return min((self.read_as(*shape) for shape in READERS), key=lambda figures: figures["seconds"])

    def calls(self):
        return self.read_as(1, 1)

    def read_as(self, clients, depth):
        self.shape = clients, depth
        return self.read_by_group("read", pending=self.options.entries)

    def run_read(self, part):
        words = ["XREADGROUP", "GROUP", GROUP, "g.c1", "COUNT", self.options.count, "STREAMS", STREAM, ">"]
        return self.run(-(-self.options.entries // self.options.count), *self.shape, *words)


def preload(redis, count, body):
    redis("DEL", STREAM)
    for start in range(0, count, 10_000):
        redis.pipeline([order.xadd(STREAM, number, body) for number in range(start, min(start + 10_000, count))])


def pages(options, server, scratch):
    """A tenth of the entries, then all: whether reading them by pages needs more memory."""
    result = []
    made = contenders("fields", options, server, scratch)
    with server.connect() as redis:
        redis("DEL", STREAM)
        held = 0
        for count in (options.pages // 10, options.pages):
            # The library adds them: a million is long for Python.
            made["library"].run("add", "--entries", count - held)
            held = count
            for name in ("library", "redis-py"):
                figures = made[name].run("page")
                if figures["entries"] != count:
                    raise Failure(f"{name}: read {figures['entries']} entries of {count}")
                result.append({"name": name, **figures})
    return result


BODIES = {"fields": "an entry of twelve fields", "data": "an entry of two fields, one of them JSON"}


def report(bodies, paged):
    """The tables, and whether the marks are met. `bodies`: the rounds by the shape of the entry."""
    lines, marks = [], []
    for body, rounds in bodies.items():
        compare(body, rounds, lines, marks)
    if paged:
        lines += ["", "Reading a whole stream by pages", f"  {'':<34}{'entries/s':>12}{'peak RSS, MB':>14}"]
        for one in paged:
            label = f"{one['name']}, {one['entries']:,} entries"
            lines.append(f"  {label:<34}{rate(one):>12,.0f}{megabytes(one):>14.1f}")
        small, large = [megabytes(one) for one in paged if one["name"] == "library"]
        marks.append(("by pages, ten times the entries: MB more", large - small, GROWTH_MB, False))
    lines += ["", "Marks"]
    met = True
    for label, value, goal, at_least in marks:
        kept = value >= goal if at_least else value <= goal
        met = met and kept
        lines.append(f"  {label}: {value:.2f}, mark {goal}: {'met' if kept else 'MISSED'}")
    return "\n".join(lines), met


def compare(body, rounds, lines, marks):
    for part, (title, names) in PARTS.items():
        title = f"{title}, {BODIES[body]}"
        lines.append(header(f"{title}, {len(rounds)} rounds"))
        rates = {name: [rate(one[name, part]) for one in rounds] for name in names}
        for name, values in rates.items():
            lines.append(row(f"{name}: entries/s", values, 0))
        for name in names:
            cpu = [one[name, part]["cpu_us"] / one[name, part]["entries"] for one in rounds]
            lines.append(row(f"{name}: CPU µs per entry", cpu, 2))
        for below in names[1:]:
            ratios = [above / under for above, under in zip(rates["library"], rates[below])]
            lines.append(row(f"library / {below}", ratios, 2))
            if below == "redis-py":
                ratios_cpu = [one["library", part]["cpu_us"] / one[below, part]["cpu_us"] for one in rounds]
                lines.append(row(f"library / {below}: CPU", ratios_cpu, 2))
            if (part, below) in GOALS:
                marks.append((f"{title.lower()}, library / {below}, median", median(ratios), GOALS[part, below], True))


def rate(figures):
    return figures["entries"] / figures["seconds"]


def megabytes(figures):
    return figures["peak_kib"] * 1024 / 1e6
