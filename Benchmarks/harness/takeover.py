"""Part three: what fresh entries feel while a dead instance's entries are taken over."""

import os

from . import latency, order
from .contenders import GROUP, STREAM, compile_c
from .processes import Child, Failure, wait_for
from .throughput import preload

DEAD = "gone.1"
SLOW_US = 20_000  # no command may keep Redis busy for longer

# Leaves the entries pending under a consumer that will never show itself again.
DELIVER = "return #redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 2000, 'STREAMS', KEYS[1], '>')[1][2]"


def pending(redis, consumer=None):
    """How many entries a consumer has, or all of them together."""
    total, _, _, consumers = redis("XPENDING", STREAM, GROUP)
    if consumer is None:
        return total
    return sum(int(count) for name, count in consumers or [] if name == consumer)


def abandon(redis, count, mode):
    preload(redis, count, mode)
    redis("XGROUP", "CREATE", STREAM, GROUP, "0")
    left = count
    while left > 0:
        left -= redis("EVAL", DELIVER, 1, STREAM, GROUP, DEAD)


def run(contender, server, scratch, rate, seconds, abandoned, mode):
    """One round: the age of fresh entries as usual, then while `abandoned` entries of a dead consumer come on top."""
    count, warmup = rate * seconds, max(1, rate // 2)
    usual = latency.bridge(contender, server, scratch, rate, count, warmup, mode)
    path = os.path.join(scratch, "xadd.resp")
    with server.connect() as redis, latency.receiver(scratch) as receiving:
        url = f"http://127.0.0.1:{receiving.line(10)['port']}/hooks"
        abandon(redis, abandoned, mode)
        redis("CONFIG", "SET", "slowlog-log-slower-than", SLOW_US)
        redis("SLOWLOG", "RESET")
        with contender.start(server.url, url) as child:
            wait_for(f"{child.name} takes entries over", lambda: pending(redis, DEAD) < abandoned, 60)
            command = [compile_c("producer"), str(server.port), path, *map(str, (count + warmup, rate, warmup))]
            with Child("producer", command, scratch, reports=True) as producing:
                sent = producing.line((count + warmup) / rate + 30)
            if not (left := pending(redis)):
                raise Failure("the takeover was over before the fresh entries were: more with --abandoned")
            wait_for(f"{child.name} settles all entries", lambda: settled(redis, child), abandoned / 1000 + 60, 0.2)
            peak_kib = child.peak_kib()
            child.stop()
        slow = redis("SLOWLOG", "GET", "128")
        dead = redis("XLEN", f"{{{STREAM}}}:dead:bench")
        redis("DEL", STREAM)
        if dead:
            raise Failure(f"{child.name}: {dead} entries were given up")
        during = latency.finish(receiving, child.name, count)
        if during["distinct"] < abandoned + count:
            raise Failure(f"{child.name}: only {during['distinct']} different requests arrived")
    return {
        "usual": usual,
        "during": during | {"late_max_us": sent["late_max_us"]},
        "left": left,
        "peak_kib": peak_kib,
        "slow": [(int(entry[2]), " ".join(entry[3])[:60].replace("\n", " ")) for entry in slow],
    }


def settled(redis, child):
    child.check()
    return pending(redis) == 0 and redis.lag(STREAM, GROUP) == 0
