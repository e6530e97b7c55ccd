"""A drill: the endpoint is down for two minutes, with a backlog behind it."""

import time
from statistics import median

from . import order
from .contenders import GROUP, STREAM
from .drill import CLOSED, DEAD, STATUS_503, WELL, Others, Receiver
from .processes import Failure, wait_for
from .report import verdict
from .throughput import preload

KINDS = {"closed": (CLOSED, "connections refused"), "503": (STATUS_503, "503")}
ONSET = 0.5  # seconds in which the requests that are under way fail
FULL = 0.9  # of the rate before
FLAT = 1.1  # times the memory before
LONGEST_WAIT = 30
SECOND = 10  # tenths


def most_probes(seconds):
    """By the shortest waits: a fifth less than 1, 2, 4 … 30 s."""
    count, at, wait = 0, 0.8, 1
    while at <= seconds:
        count, wait = count + 1, min(2 * wait, LONGEST_WAIT)
        at += 0.8 * wait
    return count


def run(kind, contender, server, scratch, before, backlog, seconds):
    """Delivers `before` entries; then the endpoint is down for a while, and `backlog` entries wait when it comes back."""
    state, _ = KINDS[kind]
    total = before + backlog // 2
    with server.connect() as redis, Receiver(scratch, "no such word") as receiving:
        preload(redis, total, "fields")
        redis("XGROUP", "CREATE", STREAM, GROUP, "0")
        with contender.start(server.url, receiving.url()) as child:

            def settled(least):
                child.check()
                receiving.check()
                return redis.settled(STREAM, GROUP, total) >= least

            wait_for(f"{child.name} begins", lambda: settled(1), 30)
            others = Others(child, receiving, server.child)
            wait_for(f"{child.name} settles {before} entries", lambda: settled(before), 120)
            busy = [others.cores()]
            memory = {"before": child.memory_kib(), "peak_before": child.peak_kib()}
            down_at = time.monotonic()
            receiving.becomes(state)
            time.sleep(ONSET)
            at_onset = contender.retried()
            more = backlog - (total - redis.settled(STREAM, GROUP, total))
            redis.pipeline([order.xadd(STREAM, number, "fields") for number in range(total, total + more)])
            total += more
            probed_at, during = probes(contender, child, at_onset, down_at + seconds)
            memory["during"] = during
            waiting = total - redis.settled(STREAM, GROUP, total)
            back_at = time.monotonic()
            receiving.becomes(WELL)
            # One may have been under way at that moment.
            probed = contender.retried() - at_onset
            after = []

            def drained():
                after.append(child.memory_kib())
                return settled(total)

            opens = total - waiting + 1
            wait_for(f"{child.name} sends a probe that is accepted", lambda: settled(opens), LONGEST_WAIT + 10, 0.05)
            others = Others(child, receiving, server.child)
            wait_for(f"{child.name} settles all {total} entries", drained, 60, 0.05)
            busy.append(others.cores())
            memory["after"], memory["peak"] = max(after), child.peak_kib()
            child.stop()
        dead = redis("XLEN", DEAD)
        report = receiving.report()
    at_first = sum(1 for at in report["failed_us"] if at / 1e6 <= down_at + ONSET)
    return {
        "down": back_at - down_at,
        "waiting": waiting,
        "total": total,
        "accepted": report["distinct"],
        "dead": dead,
        "twice": sum(report["accepted"]) - report["distinct"],
        "at_onset": at_onset,
        "probed_at": [at - down_at for at in probed_at],
        "probes": probed,
        "requests": report["failed"] - at_first,
        "memory": memory,
        "busy": busy,
    } | recovery(report, down_at, back_at)


def probes(contender, child, count, end):
    """When the count of failed attempts rose, once for each; and the highest memory until the end."""
    at, memory = [], 0
    while (now := time.monotonic()) < end:
        child.check()
        risen = contender.retried() - count
        at += [now] * risen
        count += risen
        memory = max(memory, child.memory_kib())
        time.sleep(min(0.1, max(0, end - now)))
    return at, memory


def recovery(report, down_at, back_at):
    """The rate before, and how it came back after the first probe that was accepted."""
    accepted, started = report["accepted"], report["started_us"] / 1e6
    tenth = lambda at: int((at - started) * 10)
    sums = lambda first, last: [sum(accepted[n : n + SECOND]) for n in range(first, last - SECOND + 1)]
    first = next(n for n, count in enumerate(accepted) if count) + SECOND // 2
    usual = sums(first, tenth(down_at))
    if not usual:
        raise Failure("the entries before the outage took less than a second: more with --before")
    usual = median(usual)
    probe_at = report["back_us"] / 1e6
    begin = tenth(probe_at)
    after = sums(begin, len(accepted))
    full = next((n + SECOND for n, count in enumerate(after) if count >= FULL * usual), None)
    return {
        "usual": usual,
        "probe_after": probe_at - back_at,
        "rates": [sum(accepted[n : n + SECOND]) for n in range(begin, len(accepted), SECOND)],
        "full_after": None if full is None else full / 10,
    }


def text(kind, one):
    """The figures of an outage, and whether the marks are met."""
    memory = {name: kib / 1024 for name, kib in one["memory"].items()}
    rates = ", ".join(f"{rate:,}" for rate in one["rates"])
    schedule = ", ".join(f"{at:.1f}" for at in one["probed_at"])
    lines = [
        f"\nOutage of {one['down']:.0f} s, {KINDS[kind][1]}, {one['waiting']:,} entries waiting at its end",
        f"  failed at the onset: {one['at_onset']}; probes after {schedule} s",
        f"  entries/s: {one['usual']:,.0f} before; the first probe was accepted {one['probe_after']:.1f} s after the recovery,",
        f"  and in each second from then on {rates}",
        "  resident memory, MiB: {before:.1f} before, {during:.1f} during, {after:.1f} after it, "
        "{peak_before:.1f} and {peak:.1f} at the peak before and in all".format(**memory),
        f"  {one['twice']} entries were accepted twice",
        Others.text(max(one["busy"])),
    ]
    full = 99.9 if one["full_after"] is None else one["full_after"]
    marks = [
        ("dead letters", one["dead"], 0, 0),
        ("entries lost", one["total"] - one["accepted"], 0, 0),
        ("probes", one["probes"], most_probes(one["down"]), 0),
        (f"s from the first probe to the end of a second at {FULL} times the rate", full, 5, 1),
        ("peak memory, times that before", memory["peak"] / memory["peak_before"], FLAT, 2),
    ]
    if kind != "closed":  # nobody counts what is refused
        marks.insert(2, ("requests after the onset", one["requests"], one["probes"], 0))
    marks_text, met = verdict(marks)
    return "\n".join(lines) + "\n" + marks_text, met
