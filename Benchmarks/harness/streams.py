"""Adding to and reading from streams: the library, redis-py and redis-benchmark, one after the other."""

import csv
import os
import subprocess
from statistics import median

from . import order
from .processes import Child, Failure
from .report import header, row
from .servers import program

GOALS = {"add": 3.0, "read": 3.0, "growth_mb": 2.0}
LIMIT = 120
STREAM, GROUP = "bench", "g"


def contenders(options, server, scratch):
    script = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "streams_redis_py.py")
    return {
        "library": Client("library", [options.library], options, server, scratch),
        "redis-py": Client("redis-py", [options.python, script], options, server, scratch),
        "redis-benchmark": Benchmark(options, server, scratch),
    }


class Contender:
    """Works on one stream; what it has done is counted by the server."""

    def __init__(self, options, server, scratch):
        self.options, self.server, self.scratch = options, server, scratch

    def add(self):
        with self.server.connect() as redis:
            redis("DEL", STREAM)
            figures = self.run_add()
            if redis("XLEN", STREAM) != self.options.entries:
                raise Failure(f"{self.name}: {redis('XLEN', STREAM)} entries are in the stream")
        return figures

    def read(self):
        with self.server.connect() as redis:
            preload(redis, self.options.entries)
            redis("XGROUP", "CREATE", STREAM, GROUP, "0")
            figures = self.run_read()
            pending = redis("XPENDING", STREAM, GROUP)[0]
            if pending != self.options.entries:
                raise Failure(f"{self.name}: {pending} entries were read")
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
        return self.run("add", "--count", self.options.entries, "--depth", self.options.depth)

    def run_read(self):
        figures = self.run("read-group", "--count", self.options.count)
        expected = sum(number % 10 for number in range(self.options.entries))
        if figures["checksum"] != expected:
            raise Failure(f"{self.name}: looked at the wrong entries: {figures['checksum']}, not {expected}")
        return figures


class Benchmark(Contender):
    """Sends the same bytes again and again, and does not look at the replies: what the server can do with one client."""

    name = "redis-benchmark"

    def run(self, requests, depth, *words):
        command = [program("redis-benchmark"), "-p", str(self.server.port), "-c", "1", "-P", str(depth)]
        command += ["-n", str(requests), "--csv", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
        rows = list(csv.DictReader(done.stdout.splitlines()))
        return requests / float(rows[-1]["rps"])

    def run_add(self):
        pairs = [part for pair in order.fields(0).items() for part in pair]
        seconds = self.run(self.options.entries, self.options.depth, "XADD", STREAM, "*", *pairs)
        return {"entries": self.options.entries, "seconds": seconds}

    def run_read(self):
        words = ["XREADGROUP", "GROUP", GROUP, "g.c1", "COUNT", self.options.count, "STREAMS", STREAM, ">"]
        seconds = self.run(-(-self.options.entries // self.options.count), 1, *words)
        return {"entries": self.options.entries, "seconds": seconds}


def preload(redis, count):
    redis("DEL", STREAM)
    for start in range(0, count, 10_000):
        redis.pipeline([order.xadd(STREAM, number, "fields") for number in range(start, min(start + 10_000, count))])


def pages(options, server, scratch):
    """A tenth of the entries, then all: whether reading them by pages needs more memory."""
    result = []
    made = contenders(options, server, scratch)
    with server.connect() as redis:
        redis("DEL", STREAM)
        held = 0
        for count in (options.pages // 10, options.pages):
            # The library adds them: a million is long for Python.
            made["library"].run("add", "--count", count - held, "--depth", 1000)
            held = count
            for name in ("library", "redis-py"):
                figures = made[name].run("page")
                if figures["entries"] != count:
                    raise Failure(f"{name}: read {figures['entries']} entries of {count}")
                result.append({"name": name, **figures})
    return result


def report(rounds, paged):
    """The tables, and whether the marks are met."""
    lines, marks = [], []
    for part, title in (("add", "Adding"), ("read", "Reading by a group")):
        lines.append(header(f"{title}, {len(rounds)} rounds"))
        rates = {name: [rate(one[name, part]) for one in rounds] for name, of in rounds[0] if of == part}
        for name, values in rates.items():
            lines.append(row(f"{name}: entries/s", values, 0))
        for name in ("library", "redis-py"):
            cpu = [one[name, part]["cpu_us"] / one[name, part]["entries"] for one in rounds]
            lines.append(row(f"{name}: CPU µs per entry", cpu, 2))
        for below in ("redis-py", "redis-benchmark"):
            ratios = [above / under for above, under in zip(rates["library"], rates[below])]
            lines.append(row(f"library / {below}", ratios, 2))
            if below == "redis-py":
                marks.append((f"{title.lower()}, library / redis-py, median", median(ratios), GOALS[part], True))
    if paged:
        lines += ["", "Reading a whole stream by pages", f"  {'':<34}{'entries/s':>12}{'peak RSS, MB':>14}"]
        for one in paged:
            label = f"{one['name']}, {one['entries']:,} entries"
            lines.append(f"  {label:<34}{rate(one):>12,.0f}{megabytes(one):>14.1f}")
        small, large = [megabytes(one) for one in paged if one["name"] == "library"]
        marks.append(("by pages, ten times the entries: MB more", large - small, GOALS["growth_mb"], False))
    lines += ["", "Marks"]
    met = True
    for label, value, goal, at_least in marks:
        kept = value >= goal if at_least else value <= goal
        met = met and kept
        lines.append(f"  {label}: {value:.2f}, mark {goal}: {'met' if kept else 'MISSED'}")
    return "\n".join(lines), met


def rate(figures):
    return figures["entries"] / figures["seconds"]


def megabytes(figures):
    return figures["peak_kib"] * 1024 / 1e6
