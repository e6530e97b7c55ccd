"""The three that are compared, and how each is started."""

import os
import subprocess

from . import order
from .processes import Child, Failure

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IN_FLIGHT = 64
STREAM = GROUP = "bench"

CONFIG = """\
redis: {{ url: "{redis}" }}
instance: bench
workers: 1
log: {{ level: info, format: text }}
routes:
  bench:
    stream: {stream}
    group: {group}
    start: beginning
    concurrency: {in_flight}
    claim_after: {claim_after}
    webhook:
      url: {url}
      allow: [127.0.0.1]
      timeout: 5s
      body: {body}
      sign: {{ secret: "{secret}" }}
"""


def compile_c(name):
    """Builds `bin/<name>` if the source is newer, and returns its path."""
    source, binary = os.path.join(HERE, f"{name}.c"), os.path.join(HERE, "bin", name)
    newest = max(os.path.getmtime(path) for path in (source, os.path.join(HERE, "pace.h")))
    if os.path.exists(binary) and os.path.getmtime(binary) > newest:
        return binary
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    flags = []
    if name == "bare":
        asked = subprocess.run(["pkg-config", "--cflags", "--libs", "libcurl"], capture_output=True, text=True)
        if asked.returncode != 0:
            raise Failure("libcurl's headers are missing: apt-get install pkg-config libcurl4-openssl-dev")
        flags = asked.stdout.split()
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", source, "-o", binary, *flags]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if built.returncode != 0:
        raise Failure(f"{' '.join(command)}\n{built.stderr}")
    return binary


class Bare:
    """`bare.c`: libcurl alone."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.binary = compile_c("bare")
        self.headers, self.body = os.path.join(scratch, "bare.headers"), os.path.join(scratch, "bare.body")
        with open(self.headers, "w") as file:
            file.write("\n".join(order.HEADERS))
        with open(self.body, "w") as file:
            file.write(order.body(0))

    def start(self, url, count, warmup, rate=None):
        numbers = [count, IN_FLIGHT, warmup] + ([rate] if rate else [])
        command = [self.binary, url, self.headers, self.body, *map(str, numbers)]
        return Child("bare", command, self.scratch, reports=True)


class Footbridge:
    """The release binary, one worker, signing on."""

    def __init__(self, scratch, binary, body, claim_after="60s"):
        self.scratch, self.binary, self.body = scratch, os.path.abspath(binary), body
        self.claim_after = claim_after
        if not os.access(self.binary, os.X_OK):
            raise Failure(f"{binary} is missing: swift build -c release, or --footbridge PATH")

    def start(self, redis_url, url):
        environment = {"XDG_STATE_HOME": self.scratch, "NO_COLOR": "1"}
        command = [self.binary, "run", "-c", self.configuration(redis_url, url)]
        return Child("footbridge", command, self.scratch, environment)

    def configuration(self, redis_url, url):
        """Writes the file and returns its path."""
        path = os.path.join(self.scratch, "bridge.yaml")
        body = "fields" if self.body == "fields" else "{ field: data }"
        with open(path, "w") as config:
            values = {"redis": redis_url, "url": url, "body": body, "secret": order.SECRET}
            values["claim_after"] = self.claim_after
            config.write(CONFIG.format(stream=STREAM, group=GROUP, in_flight=IN_FLIGHT, **values))
        return path


class Python:
    """`asyncio_bridge.py`: what a careful engineer would write instead."""

    def __init__(self, scratch, interpreter, body):
        self.scratch, self.interpreter, self.body = scratch, interpreter, body
        found = subprocess.run([interpreter, "-c", "import redis, hiredis, aiohttp"], capture_output=True, timeout=60)
        if found.returncode != 0:
            raise Failure(
                f"{interpreter} lacks redis, hiredis or aiohttp: python3 -m venv .venv && "
                ".venv/bin/pip install redis hiredis aiohttp, then run with .venv/bin/python or --python PATH"
            )

    def start(self, redis_url, url):
        options = {"--redis": redis_url, "--stream": STREAM, "--group": GROUP, "--url": url, "--body": self.body}
        options |= {"--secret": order.SECRET, "--in-flight": str(IN_FLIGHT)}
        words = [word for option in options.items() for word in option]
        return Child("python", [self.interpreter, os.path.join(HERE, "asyncio_bridge.py"), *words], self.scratch)
