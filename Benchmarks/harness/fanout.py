"""A drill: two routes read one stream, and the receiver of one hangs. What that costs the entries of the other."""

import json
import select
import socket
import threading
from statistics import median

from . import latency
from .contenders import Footbridge

MARK = 1.2
WARMUP = 2_000


class Hanging:
    """Takes requests and answers none."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.requests, self.open = 0, True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/hooks"

    def serve(self):
        connections = []
        while self.open:
            readable, _, _ = select.select([self.listener, *connections], [], [], 0.2)
            for one in readable:
                if one is self.listener:
                    connections.append(one.accept()[0])
                elif data := one.recv(65_536):
                    self.requests += data.count(b"POST ")
                else:
                    connections.remove(one)
        for one in connections:
            one.close()

    def __exit__(self, *_):
        self.open = False
        self.thread.join()
        self.listener.close()


class TwoRoutes(Footbridge):
    """The release binary; with `other` a second route on the same stream, which leads there."""

    def __init__(self, scratch, binary):
        super().__init__(scratch, binary, "fields", claim_after="130s")
        self.other = None

    def configuration(self, redis_url, url):
        path = super().configuration(redis_url, url)
        if self.other is None:
            return path
        with open(path) as file:
            settings = json.load(file)
        route = settings["routes"]["bench"]
        webhook = route["webhook"] | {"url": self.other, "timeout": "60s"}
        settings["routes"]["stuck"] = route | {"group": "stuck", "webhook": webhook}
        with open(path, "w") as file:
            json.dump(settings, file, indent=2)
        return path


def pair(bridge, server, scratch, rate, seconds, stuck_first):
    """The same rate of entries, beside a route that hangs and alone."""
    found = {}
    for name in sorted(("alone", "beside"), reverse=stuck_first):
        with Hanging() as hanging:
            bridge.other = hanging.url if name == "beside" else None
            found[name] = latency.bridge(bridge, server, scratch, rate, rate * seconds, WARMUP, "fields")
            found[name]["hanging"] = hanging.requests
    return found


def text(rounds, rate):
    lines = [f"A route beside one whose receiver hangs, {rate:,} entries/s, {len(rounds)} pairs, medians"]
    for name in ("alone", "beside"):
        p50, p99 = (median(one[name][key] for one in rounds) for key in ("p50_us", "p99_us"))
        lines.append(f"  {name:<8} p50 {p50 / 1000:8.3f} ms   p99 {p99 / 1000:8.3f} ms")
    lines.append(f"  requests that hang: {min(one['beside']['hanging'] for one in rounds)}")
    ratio = median(one["beside"]["p99_us"] / one["alone"]["p99_us"] for one in rounds)
    lost = sum(one[name]["duplicates"] for one in rounds for name in one)
    met = ratio <= MARK and lost == 0
    lines.append(f"  p99 beside it {ratio:.2f} x alone, mark {MARK}: {'met' if ratio <= MARK else 'MISSED'}; sent twice: {lost}")
    return "\n".join(lines), met
