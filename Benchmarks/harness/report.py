"""Figures as text."""

from statistics import median

GOALS = {"cpu_ratio": 1.25, "peak_mb": 35.0, "takeover_p99": 5.0, "takeover_peak_mb": 200.0, "slow_commands": 0}


def row(label, values, decimals):
    figures = "".join(f"{value:>12,.{decimals}f}" for value in (min(values), median(values), max(values)))
    return f"  {label:<34}{figures}"


def header(title):
    return f"\n{title}\n  {'':<34}{'min':>12}{'median':>12}{'max':>12}"


def ratios(rounds, above, below, key):
    return [one[above][key] / one[below][key] for one in rounds if above in one and below in one]


def throughput(rounds, names):
    lines = [header(f"Backlog, {len(rounds)} rounds")]
    for key, label, decimals, scale in (
        ("entries_per_s", "entries/s", 0, 1),
        ("cpu_us", "CPU µs per entry", 1, 1),
        ("peak_kib", "peak RSS, MB", 1, 1024 / 1e6),
    ):
        lines += [row(f"{name}: {label}", [one[name][key] * scale for one in rounds], decimals) for name in names]
    for above, below in (("footbridge", "bare"), ("python", "footbridge"), ("python", "bare")):
        if above in names and below in names:
            lines.append(row(f"CPU per entry, {above} / {below}", ratios(rounds, above, below, "cpu_us"), 2))
    duplicates = sum(one[name].get("duplicates", 0) for one in rounds for name in names)
    if duplicates:
        lines.append(f"  {duplicates} requests were sent more than once")
    return "\n".join(lines)


def latency(rounds, names, rate):
    lines = [header(f"Age on arrival at {rate:,} entries/s, µs, {len(rounds)} rounds")]
    for name in names:
        for key in ("p50_us", "p99_us", "max_us"):
            lines.append(row(f"{name}: {key.removesuffix('_us')}", [one[name][key] for one in rounds], 0))
    for name in names:
        if name != "bare" and "bare" in names:
            for key in ("p50_us", "p99_us"):
                added = [one[name][key] - one["bare"][key] for one in rounds]
                lines.append(row(f"added by {name}: {key.removesuffix('_us')}", added, 0))
    for name in names:
        late = max(one[name]["late_max_us"] for one in rounds)
        sizes = f"{rounds[-1][name]['head_bytes']:.0f} + {rounds[-1][name]['body_bytes']:.0f}"
        lines.append(f"  {name}: requests of {sizes} bytes (head + body), sent at most {late:,} µs behind the pace")
    return "\n".join(lines)


def goals(rounds):
    """Whether Footbridge met its two marks, by the median, as lines and as one answer."""
    ratio = median(ratios(rounds, "footbridge", "bare", "cpu_us"))
    peak = max(one["footbridge"]["peak_kib"] for one in rounds) * 1024 / 1e6
    return verdict(
        [
            ("CPU per entry, footbridge / bare, median", ratio, GOALS["cpu_ratio"], 2),
            ("peak RSS of footbridge, MB, maximum", peak, GOALS["peak_mb"], 1),
        ]
    )


def takeover(rounds, rate, abandoned):
    """Fresh entries while those of a dead instance are taken over, and whether the marks are met."""
    title = f"Age on arrival at {rate:,} entries/s, µs, while {abandoned:,} entries of a dead instance are taken over"
    lines = [header(f"{title}, {len(rounds)} rounds")]
    for name, label in (("usual", "as usual"), ("during", "takeover")):
        for key in ("p50_us", "p99_us", "max_us"):
            lines.append(row(f"{label}: {key.removesuffix('_us')}", [one[name][key] for one in rounds], 0))
    p99 = [one["during"]["p99_us"] / one["usual"]["p99_us"] for one in rounds]
    lines.append(row("p99, takeover / usual", p99, 2))
    lines.append(row("unsettled after the last fresh one", [one["left"] for one in rounds], 0))
    slow = [command for one in rounds for command in one["slow"]]
    lines += [f"  Redis was busy for {micros / 1000:.1f} ms with {command}" for micros, command in slow]
    text, met = verdict(
        [
            ("p99, takeover / usual, median", median(p99), GOALS["takeover_p99"], 2),
            ("peak RSS, MB, maximum", max(one["peak_kib"] for one in rounds) * 1024 / 1e6, GOALS["takeover_peak_mb"], 1),
            ("commands of more than 20 ms", len(slow), GOALS["slow_commands"], 0),
        ]
    )
    return "\n".join(lines) + "\n" + text, met


def verdict(marks):
    """Of marks that are the most that is allowed or, with a fifth member that is true, the least."""
    lines, met = [], True
    for label, value, goal, decimals, *at_least in marks:
        kept = value >= goal if any(at_least) else value <= goal
        met = met and kept
        lines.append(f"  {label}: {value:.{decimals}f}, mark {goal}: {'met' if kept else 'MISSED'}")
    return "\n".join(["", "Marks", *lines]), met
