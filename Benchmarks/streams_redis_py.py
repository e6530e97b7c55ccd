"""One part of `streams` with redis-py: does its work and prints what it took as a line of JSON. See StreamBench."""

import argparse
import json
import os
import sys
import time

import redis

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import order


def add(client, options):
    for start in range(0, options.entries, options.depth):
        pipe = client.pipeline(transaction=False)
        for number in range(start, min(start + options.depth, options.entries)):
            pipe.xadd(options.stream, order.entry(number, options.body))
        pipe.execute()
    return options.entries, 0


def batches(client, options):
    while reply := client.xreadgroup("g", "g.c1", {options.stream: ">"}, count=options.count):
        # A list of pairs (RESP2), or a dictionary whose values are lists of lists of entries (RESP3).
        yield reply[0][1] if isinstance(reply, list) else next(iter(reply.values()))[0]


def read(client, options, acknowledge=lambda batch: None):
    entries = checksum = 0
    for batch in batches(client, options):
        entries += len(batch)
        for _, fields in batch:
            checksum += order.last_digit(fields)
        acknowledge(batch)
    return entries, checksum


def work(client, options):
    return read(client, options, lambda batch: client.xack(options.stream, "g", *[id for id, _ in batch]))


def page(client, options):
    entries, checksum, start = 0, 0, "-"
    while batch := client.xrange(options.stream, start, "+", count=1000):
        entries += len(batch)
        for _, fields in batch:
            checksum += order.last_digit(fields)
        start = b"(" + batch[-1][0]
    return entries, checksum


def peak_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("add", "read", "work", "page"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--stream", default="bench")
    parser.add_argument("--body", choices=("fields", "data"), default="fields")
    parser.add_argument("--entries", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--depth", type=int)
    options = parser.parse_args()
    part = {"add": add, "read": read, "work": work, "page": page}[options.part]
    client = redis.Redis(port=options.port)
    client.ping()
    start, cpu = time.monotonic(), time.process_time()
    entries, checksum = part(client, options)
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    figures = {"entries": entries, "seconds": seconds, "cpu_us": cpu * 1e6, "peak_kib": peak_kib(), "checksum": checksum}
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
