"""Part two: what a bridge adds to the age of an entry at a steady rate."""

import os

from . import order
from .contenders import GROUP, STREAM, compile_c
from .processes import Child, Failure, wait_for


def receiver(scratch):
    return Child("receiver", [compile_c("receiver")], scratch, reports=True)


def finish(receiving, name, expected):
    receiving.process.terminate()
    result = receiving.line(10)
    if result["measured"] < expected or result["distinct"] < expected:
        raise Failure(
            f"{name}: {result['measured']} of {expected} stamped requests arrived, {result['distinct']} different ones"
        )
    return result | {"duplicates": result["measured"] - expected}


def bare(contender, scratch, rate, count, warmup):
    """The same POST without a bridge: the receiver's and the network's own share."""
    with receiver(scratch) as receiving:
        url = f"http://127.0.0.1:{receiving.line(10)['port']}/hooks"
        with contender.start(url, count + warmup, warmup, rate) as child:
            sent = child.line((count + warmup) / rate + 30)
        return finish(receiving, "bare", count) | {"late_max_us": sent["late_max_us"]}


def bridge(contender, server, scratch, rate, count, warmup, mode):
    path = os.path.join(scratch, "xadd.resp")
    with open(path, "wb") as file:
        file.write(order.xadd(STREAM, 0, mode))
    with server.connect() as redis, receiver(scratch) as receiving:
        url = f"http://127.0.0.1:{receiving.line(10)['port']}/hooks"
        redis("DEL", STREAM)
        redis("XGROUP", "CREATE", STREAM, GROUP, "0", "MKSTREAM")
        redis.pipeline([order.xadd(STREAM, 0, mode)])
        with contender.start(server.url, url) as child:

            def settled(total):
                child.check()
                return redis.settled(STREAM, GROUP, total) == total

            wait_for(f"{child.name} delivers its first entry", lambda: settled(1), 30)
            command = [compile_c("producer"), str(server.port), path, *map(str, (count + warmup, rate, warmup))]
            with Child("producer", command, scratch, reports=True) as producing:
                sent = producing.line((count + warmup) / rate + 30)
            wait_for(f"{child.name} settles all entries", lambda: settled(count + warmup + 1), 30)
            child.stop()
        redis("DEL", STREAM)
        return finish(receiving, child.name, count) | {"late_max_us": sent["late_max_us"]}
