"""The admin server as the page sees it, without a bridge: the page's own files, and an API with figures that change.

    mock.py [--port 0] [--token TEXT] [--routes NUMBER]

Prints the port when it listens. `POST /mock` with {"routes": 60} or {"break": true} or {"silent": true} changes what it does.
Everything that others may write (entries, answers, names) is hostile here.
"""
import argparse
import copy
import json
import math
import pathlib
import random
import re
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "CFootbridgeAdminPage"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")
SCRIPT = "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
HOSTILE = SCRIPT + " \u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd " + "very-long-" * 60


def page_files():
    """The files as the binary holds them: the C file names the scripts and their order."""
    source = (SOURCES / "page.c").read_text()
    scripts = re.findall(r'#embed "(script/[^"]+)"', source)
    return {
        "/": ("text/html; charset=utf-8", (SOURCES / "page.html").read_bytes()),
        "/page.css": ("text/css; charset=utf-8", (SOURCES / "page.css").read_bytes()),
        "/page.js": ("text/javascript; charset=utf-8", b"".join((SOURCES / name).read_bytes() for name in scripts)),
    }


def iso(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


NAMES = ["orders", "payments", "invoices", "shipments", "audit", "emails", "stock", "crm-sync", "search-index", "partner-acme",
         "partner-" + "globex-" * 6 + "eu", "<b>reports</b>"]


class Route:
    def __init__(self, name, index):
        self.name = name
        self.random = random.Random(index)
        self.speed = [240, 36, 8, 18, 400, 3, 60, 12, 90, 25, 1, 0.4][index % 12]
        self.state = {0: "held", 3: "failing", 5: "paused"}.get(index, "reading")
        self.since = time.time() - 127 - index * 300
        self.totals = {"read": 91000 + index, "delivered": 90000, "filtered": 12, "failed": 15, "dead": 0}
        self.waiting = {0: 220, 3: 14}.get(index, 0)
        self.owed = self.waiting + (12 if index == 0 else 0)
        self.attempts = []
        self.letters = [self.letter(number) for number in range(124 if index == 0 else 3 if index == 9 else 0)]
        self.history = [self.sample(step) for step in range(360)]

    def letter(self, number):
        reasons = [("rejected: http_422", 422), ("exhausted: http_503", 503), ("exhausted: timeout", None), ("trimmed", None)]
        reason, status = reasons[number % 4]
        at = time.time() - 60 - number * 731
        body = {"id": 18446744073709551615 - number, "customer": {"name": "Ægir & Søn", "tags": ["a", "b"]}, "total": 12.50}
        letter = {"letter": f"{int(at * 1000)}-0", "dead_letter_stream": "{orders}:dead:orders", "reason": reason, "attempts": 2 + number % 5,
                  "stream": "orders", "entry": f"{int(at * 1000) - 90000}-{number % 3}", "first_at": iso(at - 90), "last_at": iso(at)}
        if status:
            letter |= {"status": status, "response": json.dumps({"error": "unknown sku", "field": "lines[0].sku"})}
        if reason == "trimmed":
            return letter | {"fields": {}}
        letter["fields"] = {"type": "order.created", "data": json.dumps(body).replace("12.5", "12.50")}
        if number == 1:
            letter |= {"response": HOSTILE}
            letter["fields"] = {SCRIPT: HOSTILE, "raw": {"base64": "/wANCg=="}, "\u202eeman": "x"}
        return letter

    def sample(self, step):
        wave = self.speed * 10 * (0.75 + 0.25 * math.sin(step / 40)) * self.random.uniform(0.85, 1.1)
        is_down = self.state == "held" and step > 346 or 90 < step < 104 and self.speed > 30
        return {"at": iso(time.time() // 10 * 10 - (360 - step) * 10), "read": int(wave), "delivered": 0 if is_down else int(wave),
                "failed": self.random.randint(1, 6) if is_down else int(self.random.random() < 0.04), "dead": int(step in (97, 240) and self.speed > 30),
                "owed": int((step - 90) * wave / 4) if is_down and step < 120 else 232 if is_down else self.random.randint(0, 9),
                "p99_ms": round(self.random.uniform(6, 14) * (4 if is_down else 1), 1)}

    def tick(self, now):
        flows = self.state in ("reading", "failing")
        number = int(self.speed * self.random.uniform(0.8, 1.2)) if flows else 0
        self.totals["read"] += number
        self.totals["delivered"] += number
        fresh = []
        for turn in range(min(number, 5) or (self.random.random() < 0.5 and self.state == "held")):
            fresh.append(self.attempt(now, turn))
        self.totals["failed"] += sum(not one["ok"] for one in fresh)
        self.attempts = (self.attempts + fresh)[-1000:]
        return fresh

    def attempt(self, now, turn):
        ok = self.state != "held" and self.random.random() > 0.15
        one = {"at": iso(now + turn / 100), "route": self.name, "stream": self.name, "entry": f"{int(now * 1000) - 900}-{turn}", "attempt": 1 if ok else self.random.randint(1, 9),
               "endpoint": f"https://example.com/hooks/{urllib.parse.quote(self.name)}", "ok": ok, "duration_ms": round(self.random.uniform(2, 40), 1)}
        if ok:
            return one | {"status": 200, "outcome": "http_200", "answer": '{"ok":true}', "then": "settled"}
        if self.random.random() < 0.3:
            return one | {"outcome": "timeout", "error": "no answer within 5 s", "then": "retry", "next_in_s": 8.2}
        return one | {"status": 401, "outcome": "http_401", "error": "the receiver refuses this route (401)", "answer": HOSTILE, "then": "retry", "next_in_s": 12.5}

    def endpoint(self, number, now):
        standing = "down" if self.state == "held" else ["down", "doubtful", "well", "well"][number % 4] if self.name == "partner-acme" else "doubtful" if self.state == "failing" else "well"
        one = {"endpoint": f"https://example.com/hooks/{self.name}/{number}", "standing": standing, "in_flight": 0 if standing == "down" else 2, "waiting": 0}
        if standing != "well":
            one |= {"reason": "http_401", "cause": "invalid token", "since": iso(self.since), "last_status": 401, "last_error": "the receiver refuses this route (401)",
                    "last_answer": HOSTILE if number else '{"error":"invalid token"}', "last_failure_at": iso(now - 2), "waiting": self.waiting}
        if standing == "down":
            one["next_probe_in_s"] = round(14.2 - now % 14, 1)
        return one | {"last_accepted_at": iso(self.since - 1)}

    def status(self, now):
        flows = self.state in ("reading", "failing")
        endpoints = [self.endpoint(number, now) for number in range(6 if self.name == "partner-acme" else 1)]
        age = now - self.since if self.waiting else self.random.random() if flows else 0
        dues = {"now": 0, "10s": 4, "1m": 6, "10m": 4, "1h": 0, "later": 0, "endpoint": 0} if self.waiting == 14 else \
            {"now": 0, "10s": 0, "1m": 0, "10m": 0, "1h": 0, "later": 0, "endpoint": self.waiting}
        reason = {"held": "the receiver refuses this route (401)", "failing": "several requests failed: http_503"}.get(self.state)
        route = {
            "route": self.name, "group": self.name, "destination": "webhook", "state": self.state, "since": iso(self.since),
            "streams": [{"stream": self.name, "reading": flows, "leads": True, "unread": self.owed - self.waiting, "pending": self.waiting, "oldest_age_s": age,
                         "dead_letter_stream": f"{{{self.name}}}:dead:{self.name}", "dead_letters": len(self.letters)}],
            "endpoints": endpoints, "endpoints_known": 124 if len(endpoints) > 1 else 1, "endpoints_down": sum(one["standing"] == "down" for one in endpoints),
            "in_flight": self.random.randint(0, 9) if flows else 0, "concurrency": 64, "queued": 0, "blocked": 0, "waiting": self.waiting, "waiting_by_due": dues,
            "owed": self.owed, "oldest_age_s": age, "rates": {"read": self.speed * flows * self.random.uniform(0.9, 1.1), "delivered": self.speed * flows * self.random.uniform(0.9, 1.1),
                                                             "failed": 0.1 if self.waiting else 0, "dead": 0, "filtered": 0},
            "totals": dict(self.totals)}
        if flows:
            route["latency_ms"] = {"p50": 1.2 + self.random.random(), "p90": 3.1, "p99": 8 + 3 * self.random.random()}
        if reason:
            route["reason"] = reason
        return route


class World:
    def __init__(self, number, token):
        self.token, self.lock = token, threading.Lock()
        self.is_silent, self.breaks = False, 0
        self.started = time.time() - 720
        self.changes = []
        self.have(number)

    def have(self, number):
        names = (NAMES + [f"tenant-{index:02}" for index in range(100)])[:number]
        self.routes = {name: Route(name, index) for index, name in enumerate(names)}

    def status(self):
        now = time.time()
        return {"instance": "web1", "version": "0.1.0", "host": "web1", "pid": 4711, "phase": "running", "started_at": iso(self.started), "at": iso(now), "workers": 1,
                "redis": {"up": True, "round_trip_ms": 0.2, "reconnects": 0}, "loop_delay_ms": 0.1, "routes": [route.status(now) for route in self.routes.values()]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world, files = None, {}

    def log_message(self, *arguments):
        pass

    def answer(self, status, value, kind="application/json"):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": kind, "Content-Length": len(body), "Cache-Control": "no-store", "Content-Security-Policy": POLICY,
                           "X-Content-Type-Options": "nosniff"}.items():
            self.send_header(name, str(text))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_DELETE(self):
        self.serve("DELETE")

    def serve(self, method):
        place = urllib.parse.urlsplit(self.path)
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(place.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if method == "GET" and place.path in self.files:
            kind, content = self.files[place.path]
            return self.answer(200, content, kind)
        world = self.world
        if place.path == "/mock":
            return self.steer(json.loads(body))
        if world.token and self.headers.get("Authorization") != f"Bearer {world.token}":
            return self.answer(401, {"error": "this needs Authorization: Bearer with admin.token"})
        if method != "GET" and self.headers.get("Content-Type") != "application/json":
            return self.answer(400, {"error": "send Content-Type: application/json"})
        if place.path == "/api/v1/events":
            return self.events(asked.get("route"))
        try:
            sent = json.loads(body) if body else {}
        except ValueError:
            return self.answer(400, {"error": "the body is not JSON"})
        with world.lock:
            self.answer(*self.api(method, [urllib.parse.unquote(part) for part in place.path.split("/")[3:]], asked, sent))

    def steer(self, wish):
        with self.world.lock:
            if "routes" in wish:
                self.world.have(wish["routes"])
            if "break" in wish:
                self.world.breaks += 1
            if "silent" in wish:
                self.world.is_silent = wish["silent"]
            self.answer(200, {"changes": self.world.changes})

    def api(self, method, parts, asked, sent):
        world = self.world
        match [method, *parts]:
            case ["GET", "status"]:
                return 200, world.status()
            case ["GET", "routes"]:
                return 200, {"routes": world.status()["routes"]}
            case ["GET", "attempts"]:
                return 200, {"attempts": world.routes[asked["route"]].attempts if asked.get("route") in world.routes else [], "next": "0"}
            case [_, "routes", name, *_] if name not in world.routes:
                return 404, {"error": f"there is no route {name}"}
            case ["GET", "routes", name]:
                return 200, world.routes[name].status(time.time())
            case ["GET", "routes", name, "history"]:
                return 200, {"step_s": 10, "samples": world.routes[name].history}
            case ["GET", "routes", name, "waiting"]:
                number = world.routes[name].waiting
                rows = [{"stream": name, "entry": f"{int(time.time() * 1000) - 60000 - index}-0", "attempts": 1 + index % 4, "due_in_s": 1.5 * index, "endpoint": "https://example.com/" + HOSTILE[:200]}
                        for index in range(min(number, 100))]
                return 200, {"waiting": rows, "total": number}
            case ["POST", "routes", name, "try"]:
                if sent.get("entry") == "1-0":
                    return 404, {"error": "orders has no entry 1-0"}
                if sent.get("fields", {}).get("type") == "ignored":
                    return 200, {"passes": False}
                return 200, {"passes": True, "method": "POST", "url": "https://example.com/hooks", "headers": [["content-type", "application/json"], ["webhook-id", "orders:1-0"], ["x", SCRIPT]],
                             "body": json.dumps(sent.get("fields", {"entry": sent.get("entry")}))}
            case ["POST", "routes", name, ("pause" | "drain" | "resume" | "retry") as verb]:
                route = world.routes[name]
                world.changes.append([verb, name])
                if verb == "retry":
                    route.waiting = 0
                else:
                    route.state, route.since = {"pause": "paused", "drain": "draining", "resume": "reading"}[verb], time.time()
                return 200, route.status(time.time())
            case ["GET", "routes", name, "letters"]:
                return self.letters(world.routes[name].letters, asked)
            case [_, "routes", name, "letters", key, *rest]:
                route = world.routes[name]
                letter = next((one for one in route.letters if one["letter"] == key), None)
                if not letter:
                    return 404, {"error": f"there is no letter {key}"}
                if method == "GET":
                    return 200, letter
                route.letters.remove(letter)
                world.changes.append([rest[0] if rest else "drop", key, sent.get("fields")])
                return 200, route.status(time.time())
        return 404, {"error": "no such request; see docs/api.md"}

    def letters(self, letters, asked):
        status = asked.get("status", "")
        found = [one for one in letters if asked.get("search", "").lower() in json.dumps(one).lower() and asked.get("reason", "") in one["reason"]
                 and (not status or str(one.get("status", "")).startswith(status.replace("xx", "")))]
        if before := asked.get("before"):
            found = [one for one in found if one["letter"] < before]
        limit = int(asked.get("limit", 50))
        return 200, {"letters": copy.deepcopy(found[:limit])} | ({"next": found[limit - 1]["letter"]} if len(found) > limit else {})

    def events(self, name):
        world, breaks = self.world, self.world.breaks
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            sent = time.time()
            while breaks == world.breaks:
                if not world.is_silent:
                    with world.lock:
                        events = [("status", world.status())]
                        if name in world.routes:
                            events.append(("attempts", {"attempts": [one for one in world.routes[name].attempts if one["at"] > iso(sent)]}))
                            sent = time.time()
                    for event, value in events:
                        self.wfile.write(f"event: {event}\ndata: {json.dumps(value)}\n\n".encode())
                time.sleep(1)
        except OSError:
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A browser that goes away is nothing to tell of.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def tick(world):
    while True:
        time.sleep(1)
        with world.lock:
            for route in world.routes.values():
                route.tick(time.time() - 0.05)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token")
    parser.add_argument("--routes", type=int, default=12)
    arguments = parser.parse_args()
    Handler.world = World(arguments.routes, arguments.token)
    Handler.files = page_files()
    server = Server(("127.0.0.1", arguments.port), Handler)
    threading.Thread(target=tick, args=[Handler.world], daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
