"""A drill: one of a hundred entries is refused for good, and must cost the others next to nothing."""

import time
from collections import Counter
from statistics import median

from . import order
from .contenders import GROUP, STREAM
from .drill import DEAD, Others, Receiver
from .processes import Failure
from .report import verdict
from .resp import encode
from .throughput import POLL_SECONDS, WARMUP_SHARE

WORD = "POISON"
EVERY = 100
FIRST_ID = 1_762_178_851_482
MARK = 0.9
REASON = "rejected: http_422"


def identifier(number):
    return f"{FIRST_ID + number}-0"


def is_poisoned(number):
    return number % EVERY == 0


def preload(redis, count):
    """The ids are those of successive milliseconds."""
    for start in range(0, count, 10_000):
        commands = []
        for number in range(start, min(count, start + 10_000)):
            fields = order.fields(number)
            if is_poisoned(number):
                fields["coupon"] = f"{WORD}-10"
            pairs = [part for pair in fields.items() for part in pair]
            commands.append(encode("XADD", STREAM, identifier(number), *pairs))
        redis.pipeline(commands)


def run(contender, server, scratch, count, word, limit):
    """Settles all entries of the stream; those with the word are refused."""
    with server.connect() as redis, Receiver(scratch, word) as receiving:
        redis("DEL", DEAD)
        redis("XGROUP", "CREATE", STREAM, GROUP, "0")
        with contender.start(server.url, receiving.url()) as child:
            others = Others(child, receiving, server.child)
            samples, deadline = [], time.monotonic() + limit
            while not samples or samples[-1][0] < count:
                child.check()
                samples.append((redis.settled(STREAM, GROUP, count), time.monotonic(), child.cpu_us()))
                if samples[-1][1] > deadline:
                    child.fail(f"settled only {samples[-1][0]} of {count} entries in {limit} s")
                time.sleep(POLL_SECONDS / 5)
            busy, peak_kib = others.cores(), child.peak_kib()
            child.stop()
        redis("XGROUP", "DESTROY", STREAM, GROUP)
        letters = [dict(zip(fields[::2], fields[1::2])) for _, fields in redis("XRANGE", DEAD, "-", "+")]
        report = receiving.report()
    first, last = next(sample for sample in samples if sample[0] >= count * WARMUP_SHARE), samples[-1]
    entries = last[0] - first[0]
    if entries <= 0:
        raise Failure(f"{child.name}: {count} entries are too few to measure; more with --entries")
    return {
        "entries_per_s": entries / (last[1] - first[1]),
        "cpu_us": (last[2] - first[2]) / entries,
        "peak_kib": peak_kib,
        "busy": busy,
        "requests": report["requests"],
        "accepted": report["distinct"],
        "letters": [(letter["id"], letter["reason"], letter.get("attempts")) for letter in letters],
    }


def pair(contender, server, scratch, count, limit, poisoned_first):
    """The same entries twice: with a receiver that takes all of them, and with one that does not."""
    words = {"clean": "no such word", "poisoned": WORD}
    names = sorted(words, reverse=poisoned_first)
    return {name: run(contender, server, scratch, count, words[name], limit) for name in names}


def wrong(one, count):
    """Dead letters and deliveries that are not as they should be, in a round."""
    poison = [identifier(number) for number in range(count) if is_poisoned(number)]
    dead = [letter[0] for letter in one["poisoned"]["letters"]]
    return {
        "poisoned entries without a dead letter": len(set(poison) - set(dead)),
        "dead letters of others": len(set(dead) - set(poison)) + len(one["clean"]["letters"]),
        "dead letters twice": len(dead) - len(set(dead)),
        f"dead letters with another reason than {REASON}": sum(
            1 for letter in one["poisoned"]["letters"] if letter[1] != REASON
        ),
        "entries lost": 2 * count - len(poison) - one["clean"]["accepted"] - one["poisoned"]["accepted"],
    }


def text(rounds, count):
    """The figures, and whether the marks are met."""
    lines = [f"\nPoison: 1 in {EVERY} of {count:,} entries, {len(rounds)} rounds"]
    for name in ("clean", "poisoned"):
        rates = [one[name]["entries_per_s"] for one in rounds]
        cpu, peak = median(one[name]["cpu_us"] for one in rounds), max(one[name]["peak_kib"] for one in rounds) / 1024
        span = f"{median(rates):,.0f} ({min(rates):,.0f} … {max(rates):,.0f})"
        requests = median(one[name]["requests"] for one in rounds)
        lines.append(f"  {name}: entries/s {span}, CPU per entry {cpu:.1f} µs, {peak:.1f} MiB, {requests:,.0f} requests")
    ratios = [one["poisoned"]["entries_per_s"] / one["clean"]["entries_per_s"] for one in rounds]
    lines.append("  poisoned / clean: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    lines.append(Others.text(max(run["busy"] for one in rounds for run in one.values())))
    attempts = Counter(letter[2] for one in rounds for letter in one["poisoned"]["letters"])
    lines.append("  dead letters by their attempts: " + ", ".join(f"{number}: {some}" for number, some in sorted(attempts.items())))
    counts = [wrong(one, count) for one in rounds]
    marks = [(what, sum(one[what] for one in counts), 0, 0) for what in counts[0]]
    marks.append(("entries/s, poisoned / clean, median", median(ratios), MARK, 2, True))
    marks_text, met = verdict(marks)
    return "\n".join(lines) + "\n" + marks_text, met
