"""What the scripts have in common, whatever they measure."""

import os
import platform
import sys


def progress(text):
    print(text, file=sys.stderr, flush=True)


def rotated(some, number):
    """All of them, each round another first: what is left of one does not always meet the same next."""
    some = list(some)
    first = number % len(some)
    return some[first:] + some[:first]


def environment():
    with open("/proc/cpuinfo") as cpuinfo:
        model = next((line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name")), "unknown CPU")
    machine = {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}
    return machine | {"load_before": os.getloadavg()[0]}


def warn_of_load(load):
    if load > 0.5:
        print(f"WARNING: load {load:.2f} before the start: something else runs; expect noise.", flush=True)
