"""What callgrind counts while the bridge delivers a backlog."""

import http.server
import os
import re
import threading

from . import latency
from .contenders import GROUP, STREAM, Footbridge
from .processes import Child, Failure, wait_for
from .servers import program
from .throughput import preload

LIMIT = 180
# What depends on the machine or on chance is switched off: seeds of hash tables, and what glibc and OpenSSL have for newer
# processors.
CONSTANT = {
    "SWIFT_DETERMINISTIC_HASHING": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-BMI1,-BMI2,-ERMS,-FSRM",
    "OPENSSL_ia32cap": "~0x1000020000000000:~0xffffffff",
}


class Counted(Footbridge):
    """The release binary, as the benchmark runs it, under callgrind."""

    sample = collector = None

    def start(self, redis_url, url):
        self.figures = os.path.join(self.scratch, "callgrind.out")
        path = self.configuration(redis_url, url)
        # Behind Redis and the receiver in the queue for the processor: whatever else runs, all answers are there when the
        # bridge looks. With fewer of them it would look more often.
        command = ["nice", "-n", "10", program("valgrind"), "--tool=callgrind", "--quiet"]
        command.append(f"--callgrind-out-file={self.figures}")
        environment = {"XDG_STATE_HOME": self.scratch, "NO_COLOR": "1", **CONSTANT}
        return Child("footbridge", [*command, self.binary, "run", "-c", path], self.scratch, environment)

    def more(self):
        return {"tracing": {"otlp": self.collector, "sample": self.sample}} if self.sample else {}

    def instructions(self):
        """Of the whole run, all threads together."""
        with open(self.figures) as file:
            found = re.search(r"^(?:totals|summary): (\d+)$", file.read(), re.MULTILINE)
        if not found:
            raise Failure("callgrind has written no total")
        return int(found[1])


class Collector(http.server.ThreadingHTTPServer):
    """Takes spans, and counts them."""

    spans = 0

    class RequestHandlerClass(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.spans += body.count(b'"startTimeUnixNano"')
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.RequestHandlerClass)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def run(binary, server, scratch, count, sample=None):
    """Instructions from the start of the bridge to its end, with a backlog of `count` entries delivered in between.

    With a `sample` the attempts of so many of them are traced.
    """
    contender = Counted(scratch, binary, "fields")
    with server.connect() as redis, latency.receiver(scratch) as receiving, Collector() as collector:
        contender.sample, contender.collector = sample, f"http://127.0.0.1:{collector.server_port}"
        url = f"http://127.0.0.1:{receiving.line(10)['port']}/hooks"
        preload(redis, count, "fields")
        redis("XGROUP", "CREATE", STREAM, GROUP, "0")
        with contender.start(server.url, url) as child:

            def is_settled():
                child.check()
                return redis.settled(STREAM, GROUP, count) == count

            wait_for(f"{child.name} settles {count} entries", is_settled, LIMIT, 0.1)
            child.stop(LIMIT)
        redis("DEL", STREAM)
        receiving.process.terminate()
        requests = receiving.line(10)["requests"]
    if requests != count:
        raise Failure(f"{count} entries, but {requests} requests: something was repeated")
    if sample in ("0%", "100%") and collector.spans != (count if sample == "100%" else 0):
        raise Failure(f"{count} entries, sample: {sample}, but {collector.spans} spans")
    return contender.instructions()
