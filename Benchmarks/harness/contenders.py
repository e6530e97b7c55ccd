"""The three that are compared, and how each is started."""

import json
import os
import subprocess

from . import order
from .processes import Child, Failure

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IN_FLIGHT = 64
STREAM = GROUP = "bench"


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


class Bridge:
    """The release binary, one worker. What its one route does, a subclass says."""

    def __init__(self, scratch, binary):
        self.scratch, self.binary = scratch, os.path.abspath(binary)
        if not os.access(self.binary, os.X_OK):
            raise Failure(f"{binary} is missing: swift build -c release, or --footbridge PATH")

    def start(self, redis_url, url):
        environment = {"XDG_STATE_HOME": self.scratch, "NO_COLOR": "1"}
        command = [self.binary, "run", "-c", self.configuration(redis_url, url)]
        return Child("footbridge", command, self.scratch, environment)

    def configuration(self, redis_url, url):
        """Writes the file, as JSON, which is YAML, and returns its path."""
        path = os.path.join(self.scratch, "bridge.yaml")
        route = {"stream": STREAM, "group": GROUP, "start": "beginning", "concurrency": IN_FLIGHT}
        settings = {"redis": {"url": redis_url}, "instance": "bench", "workers": 1}
        settings["log"] = {"level": "info", "format": "text"}
        settings["routes"] = {"bench": route | self.route(url)}
        settings |= self.more()
        with open(path, "w") as config:
            json.dump(settings, config, indent=2)
        return path

    def route(self, url):
        raise NotImplementedError

    def more(self):
        """What the file has besides, by its keys at the top."""
        return {}

    @staticmethod
    def webhook(url, body):
        """What every route that posts has in common."""
        body = "fields" if body == "fields" else {"field": "data"}
        return {"url": url, "allow": ["127.0.0.1"], "timeout": "5s", "body": body}


class Footbridge(Bridge):
    """The one that is compared: it signs."""

    def __init__(self, scratch, binary, body, claim_after="60s"):
        super().__init__(scratch, binary)
        self.body, self.claim_after = body, claim_after

    def route(self, url):
        webhook = self.webhook(url, self.body) | {"sign": {"secret": order.SECRET}}
        return {"claim_after": self.claim_after, "webhook": webhook}


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
