"""What single features of a route cost: a plain route and one with the feature, one after the other."""

import base64
import json
import os
import subprocess
from dataclasses import dataclass, field
from statistics import median

from . import order, report
from .contenders import GROUP, Bridge
from .processes import Failure, free_port, wait_for
from .servers import Nginx, program
from .throughput import follow

CHECKED = 2_000  # entries of a case before anything is measured
BATCH = 100
FIRST_ID = 1_762_178_851_482
MORE = {"v1": 5, "filter": 10, "filter-data": 10, "body-jq": 16, "rate": 1, "order": 3}  # µs more than plain
IN_ALL = {"filter-none": 12, "filter-none-data": 12}  # µs
BATCHES = 8  # times the entries/s of plain

FORMAT = """
    log_format check escape=json '{"protocol":"$server_protocol","tls":"$ssl_protocol","path":"$request_uri",'
        '"id":"$http_webhook_id","signature":"$http_webhook_signature","hub":"$http_x_hub_signature_256",'
        '"customer":"$http_x_customer","event":"$http_ce_type","type":"$content_type","length":"$content_length"}';"""
SERVER = """
        listen 127.0.0.1:{port} ssl http2 backlog=1024;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location /check {{ access_log {log} check; return 204; }}"""


class Receiver(Nginx):
    """With TLS on a second port; below /check it writes down what came."""

    def __init__(self, scratch):
        self.certificate, key = os.path.join(scratch, "certificate.pem"), os.path.join(scratch, "key.pem")
        self.log, port = os.path.join(scratch, "check.log"), free_port()
        self.tls_url = f"https://127.0.0.1:{port}/hooks"
        command = [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        command += ["-keyout", key, "-out", self.certificate]
        made = subprocess.run(command, capture_output=True, text=True, timeout=30)
        if made.returncode != 0:
            raise Failure(f"openssl made no certificate: {made.stderr}")
        server = SERVER.format(port=port, certificate=self.certificate, key=key, log=self.log)
        super().__init__(scratch, FORMAT, server)


@dataclass
class Case:
    """A route. `shape` is that of its entries, as in `order`; what is not said is as in the plain route of that shape."""

    name: str
    label: str
    shape: str = "fields"
    route: dict = field(default_factory=dict)
    webhook: dict = field(default_factory=dict)
    path: str = ""
    tls: bool = False
    sink: bool = False  # not a webhook
    paired: bool = True  # measured beside a plain route
    per_request: int = 1  # entries of a full request; 0 if none is sent
    factor: int = 1  # so many times the entries of others, for what is fast
    shows: object = lambda request: True  # whether a request that came shows the feature


def signature(start):
    return lambda request: request["signature"].startswith(start)


def cases():
    ed25519 = "whsk_" + base64.b64encode(bytes(range(32))).decode()
    hmac = {"header": "X-Hub-Signature-256", "prefix": "sha256=", "secret": order.SECRET}
    data = {"data_field": "data"}
    alone = {"paired": False, "per_request": 0, "factor": 2}
    return [
        Case("v1", "v1 signature", webhook={"sign": {"secret": order.SECRET}}, shows=signature("v1,")),
        Case("v1a", "v1a signature (ed25519)", webhook={"sign": {"secret": ed25519}}, shows=signature("v1a,")),
        Case("hmac", "hmac as GitHub's", webhook={"sign": {"hmac": hmac}},
             shows=lambda one: one["hub"].startswith("sha256=")),
        Case("filter", "filter of .fields", route={"filter": '.fields.currency == "EUR"'}),
        Case("filter-data", "filter of .data", "data", data | {"filter": '.data.currency == "EUR"'}),
        Case("body-jq", "jq body of .data", "data", data, {"body": {"jq": ".data"}}),
        Case("templates", r"\(…) in URL and a header", path=r"/\(.fields.order)",
             webhook={"headers": {"X-Customer": r"\(.fields.customer)"}},
             shows=lambda one: "/ord_" in one["path"] and one["customer"].startswith("cus_")),
        Case("ce-binary", "CloudEvents, binary", webhook={"cloudevents": "binary"},
             shows=lambda one: one["event"] == "order.paid"),
        Case("ce-structured", "CloudEvents, structured", webhook={"cloudevents": "structured"},
             shows=lambda one: one["type"].startswith("application/cloudevents+json")),
        Case("tls", "TLS", tls=True, shows=lambda one: one["tls"] and one["protocol"] == "HTTP/1.1"),
        Case("http2", "HTTP/2 over TLS", tls=True, webhook={"http_version": 2},
             shows=lambda one: one["tls"] and one["protocol"] == "HTTP/2.0"),
        Case("rate", "rate that is never reached", route={"rate": "1000000/s"}),
        Case("order", "order by key", route={"ordering": "key", "key": ".fields.order"}),
        Case("order-jq", "order by a key of .data", "data", data | {"ordering": "key", "key": ".data.order"}),
        Case("batches", f"batches of {BATCH}", webhook={"batch": {"max_entries": BATCH}}, per_request=BATCH, factor=5),
        Case("filter-none", "filtered by .fields", route={"filter": '.fields.currency == "CHF"'}, **alone),
        Case("filter-none-data", "filtered by .data", "data", data | {"filter": '.data.currency == "CHF"'}, **alone),
        Case("publish", "publish", route={"publish": {"channel": "out"}}, sink=True, **alone),
        Case("append", "append", route={"append": {"stream": "out", "max_length": 10_000}}, sink=True, **alone),
    ]


PLAIN = {
    "fields": Case("plain", "plain, a body of the fields"),
    "data": Case("plain-data", "plain, a field as the body", "data"),
}


class Route(Bridge):
    """The release binary with the route of a case."""

    def __init__(self, scratch, binary, case, certificate):
        super().__init__(scratch, binary)
        self.case, self.certificate = case, certificate

    def route(self, url):
        case = self.case
        route = {"stream": case.shape} | case.route
        if not case.sink:
            route["webhook"] = self.webhook(url + case.path, case.shape) | case.webhook
            if case.tls:
                route["webhook"]["tls"] = {"ca": self.certificate}
        return route


class Bench:
    """One Redis with a stream of each shape, which is read again and again, and one nginx."""

    def __init__(self, binary, server, nginx, scratch, limit):
        self.binary, self.server, self.nginx, self.scratch, self.limit = binary, server, nginx, scratch, limit
        self.entries = {}

    def preload(self, shape, count):
        """The ids are those of successive milliseconds, so that a group can begin wherever it should."""
        self.entries[shape] = count
        with self.server.connect() as redis:
            for start in range(0, count, 10_000):
                numbers = range(start, min(count, start + 10_000))
                redis.pipeline([order.xadd(shape, number, shape, f"{FIRST_ID + number}-0") for number in numbers])

    def run(self, case, count, check=False):
        """Lets a bridge settle the last `count` entries of the stream."""
        stream = case.shape
        read = self.entries[stream] - count
        url = self.nginx.tls_url if case.tls else self.nginx.url
        if check:
            url = url.replace("/hooks", "/check")
        with self.server.connect() as redis:
            redis("DEL", "out")
            redis("CONFIG", "RESETSTAT")
            redis("XGROUP", "CREATE", stream, GROUP, f"{FIRST_ID + read - 1}-0" if read else "0", "ENTRIESREAD", read)
            before = self.nginx.requests()
            with Route(self.scratch, self.binary, case, self.nginx.certificate).start(self.server.url, url) as child:

                def is_settled():
                    child.check()
                    return redis.settled(stream, GROUP, count) == count

                if check:  # too few to measure
                    figures = wait_for(f"{case.name} settles {count} entries", is_settled, self.limit)
                else:
                    figures = follow(child, redis, stream, count, self.limit, poll=0.02)
                taken = sunk(redis, case)  # before the bridge publishes that it stops
                child.stop()
            requests = self.nginx.requests() - before - 1
            dead = redis("XREVRANGE", f"{{{stream}}}:dead:bench", "+", "-", "COUNT", 10)
            redis("DEL", f"{{{stream}}}:dead:bench")
            redis("XGROUP", "DESTROY", stream, GROUP)
        least = -(-count // case.per_request) if case.per_request else 0
        if dead or requests < least or (requests and not least) or (case.sink and taken != count):
            came = f"{requests} requests, {taken} commands and these dead letters: {dead or 'none'}"
            raise Failure(f"{case.name}: {count} entries settled, but {came}")
        return figures

    def check(self, case):
        """Before anything is measured: that each entry comes once, and with the feature."""
        with open(self.nginx.log, "w"):
            pass
        self.run(case, CHECKED, check=True)
        with open(self.nginx.log) as log:
            came = [json.loads(line) for line in log]
        different = len({one["id"] for one in came})
        most = CHECKED // max(1, case.per_request // 2) if case.per_request else 0  # the last batches are not full
        if different != len(came) or different > most:
            raise Failure(f"{case.name}: {CHECKED} entries, but {len(came)} requests with {different} ids")
        size = sum(int(one["length"]) for one in came)
        if came and size < CHECKED * len(order.body(0)):
            raise Failure(f"{case.name}: {CHECKED} entries, but {size} bytes in all bodies")
        for one in came:
            if not case.shows(one):
                raise Failure(f"{case.name}: a request does not show it: {one}")


def sunk(redis, case):
    """How many entries were published or appended."""
    if "publish" in case.route:
        for line in redis("INFO", "commandstats").splitlines():
            if line.startswith("cmdstat_publish:calls="):
                return int(line.split("=")[1].split(",")[0])
    if "append" in case.route and redis("EXISTS", "out"):
        values = redis("XINFO", "STREAM", "out")
        return dict(zip(values[::2], values[1::2]))["entries-added"]
    return 0


def text(rounds, some):
    """The table, and whether the marks are met. A round has, by the name of a case, its figures and those of plain."""
    lines = [f"\nMedians of {len(rounds)} rounds; in brackets the lowest and the highest"]
    heads = f"{'CPU µs':>9}{'plain':>8}{'more':>8}{'':>16}{'entries/s':>12}{'/ plain':>9}"
    lines.append(f"  {'':<28}{heads}")
    marks = []
    for case in some:
        own = [one[case.name]["with"] for one in rounds]
        cpu, rate = (median(one[key] for one in own) for key in ("cpu_us", "entries_per_s"))
        if not case.paired:
            lines.append(f"  {case.label:<28}{cpu:>9.1f}{'':>32}{rate:>12,.0f}")
            if case.name in IN_ALL:
                marks.append((f"{case.label}, µs in all", cpu, IN_ALL[case.name], 1))
            continue
        plain = [one[case.name]["plain"] for one in rounds]
        more = [above["cpu_us"] - below["cpu_us"] for above, below in zip(own, plain)]
        ratio = [above["entries_per_s"] / below["entries_per_s"] for above, below in zip(own, plain)]
        compared = f"{median(one['cpu_us'] for one in plain):>8.1f}{median(more):>+8.1f}{span(more, '+.1f'):>16}"
        lines.append(
            f"  {case.label:<28}{cpu:>9.1f}{compared}{rate:>12,.0f}{median(ratio):>9.2f}{span(ratio, '.2f'):>16}"
        )
        if case.name in MORE:
            marks.append((f"{case.label}, µs more than plain", median(more), MORE[case.name], 1))
        if case.name == "batches":
            marks.append((f"{case.label}, entries/s / plain", median(ratio), BATCHES, 1, True))
    verdict, met = report.verdict(marks) if marks else ("", True)
    return "\n".join(lines) + "\n" + verdict, met


def span(values, form):
    return f"({min(values):{form}} … {max(values):{form}})"
