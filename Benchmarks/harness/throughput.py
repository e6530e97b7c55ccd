"""Part one: how fast, and for how much CPU, a backlog is delivered."""

import time

from . import latency, order
from .contenders import GROUP, STREAM
from .processes import Failure, wait_for

WARMUP_SHARE = 0.05  # of the entries: connections opened, caches warm, start-up over
POLL_SECONDS = 0.05


def preload(redis, count, mode):
    """Leaves exactly `count` entries in the stream, and no group."""
    redis("DEL", STREAM, f"{{{STREAM}}}:dead:bench")
    for start in range(0, count, 10_000):
        numbers = range(start, min(count, start + 10_000))
        redis.pipeline([order.xadd(STREAM, number, mode) for number in numbers])


def bare(contender, nginx, count, limit):
    with contender.start(nginx.url, count, warmup=max(1, int(count * WARMUP_SHARE))) as child:
        result = child.line(limit)
    return {key: result[key] for key in ("entries", "entries_per_s", "cpu_us", "peak_kib")}


def check(contender, server, scratch, count, limit):
    """Before anything is measured: nginx cannot tell whether it gets each entry, or one of them again and again."""
    with server.connect() as redis, latency.receiver(scratch) as receiving:
        url = f"http://127.0.0.1:{receiving.line(10)['port']}/hooks"
        redis("XGROUP", "CREATE", STREAM, GROUP, "0")
        with contender.start(server.url, url) as child:

            def is_settled():
                child.check()
                return redis.settled(STREAM, GROUP, count) == count

            wait_for(f"{child.name} settles {count} entries", is_settled, limit, POLL_SECONDS)
            child.stop()
        redis("XGROUP", "DESTROY", STREAM, GROUP)
        receiving.process.terminate()
        result = receiving.line(10)
    if result["distinct"] != count:
        raise Failure(f"{child.name}: {count} entries settled, but {result['distinct']} different requests arrived")


def bridge(contender, server, nginx, count, limit):
    """Runs a bridge over the preloaded stream."""
    with server.connect() as redis:
        redis("XGROUP", "CREATE", STREAM, GROUP, "0")
        requests_before = nginx.requests()
        with contender.start(server.url, nginx.url) as child:
            figures = follow(child, redis, STREAM, count, limit)
            child.stop()
        requests = nginx.requests() - requests_before - 1
        dead = redis("XLEN", f"{{{STREAM}}}:dead:bench")
        redis("XGROUP", "DESTROY", STREAM, GROUP)
    if dead or requests < count:
        raise Failure(f"{child.name}: {count} entries settled, but {requests} requests and {dead} dead letters")
    return figures | {"duplicates": requests - count}


def follow(child, redis, stream, count, limit, poll=POLL_SECONDS):
    """Watches a bridge until it has settled the `count` entries that its group had before it.

    Both samples that rate and CPU are taken between are instants at which the number of settled entries is
    known, so start-up is outside and nothing is charged that was not counted.
    """
    samples = []
    deadline = time.monotonic() + limit
    while not samples or samples[-1][0] < count:
        child.check()
        settled = redis.settled(stream, GROUP, count)
        samples.append((settled, time.monotonic(), child.cpu_us()))
        if samples[-1][1] > deadline:
            child.fail(f"settled only {settled} of {count} entries in {limit} s")
        time.sleep(poll if settled < count else 0)
    peak_kib = child.peak_kib()
    first = next(sample for sample in samples if sample[0] >= count * WARMUP_SHARE)
    under_way = [sample for sample in samples if max(first[0] + 1, count * 0.8) <= sample[0] < count]
    last = under_way[-1] if under_way else samples[-1]
    if last[0] <= first[0]:
        raise Failure(f"{child.name}: {count} entries are too few to measure; more with --entries")
    entries = last[0] - first[0]
    return {
        "entries": count,
        "entries_per_s": entries / (last[1] - first[1]),
        "cpu_us": (last[2] - first[2]) / entries,
        "peak_kib": peak_kib,
    }
