"""The alternative: a bridge from a Redis stream to a webhook as a careful engineer would write it in an afternoon.

One event loop; redis-py with the hiredis parser; one aiohttp session with its connections kept; as many senders
as requests may be in flight; acknowledgements in batches; Standard Webhooks signatures; a failed delivery is
tried again until it succeeds. It has no dead letters, no takeover and no limits: it is here for its speed.
"""

import argparse
import asyncio
import base64
import hmac
import json
import logging
import signal
import time

import aiohttp
import redis.asyncio
import yarl

ACK_DELAY_SECONDS = 0.005  # acknowledgements that come within it share a command


class Bridge:
    def __init__(self, options, client, session):
        self.options, self.client, self.session = options, client, session
        self.stream, self.group, self.consumer = options.stream, options.group, "python.0"
        self.url = yarl.URL(options.url)
        self.key = base64.b64decode(options.secret.removeprefix("whsec_"))
        self.entries = asyncio.Queue(maxsize=options.in_flight)
        self.delivered, self.some_delivered = [], asyncio.Event()

    async def read(self):
        """What this consumer was sending when it last stopped, then what is new; waits while the queue is full."""
        position = "0"
        while True:
            reply = await self.client.xreadgroup(
                self.group, self.consumer, {self.stream: position}, count=self.options.in_flight, block=5000
            )
            entries = reply[0][1] if reply else []
            if position != ">":
                position = entries[-1][0] if entries else ">"
            for entry in entries:
                await self.entries.put(entry)

    def body(self, fields):
        if self.options.body == "data":
            return fields[b"data"]
        text = {name.decode(): value.decode() for name, value in fields.items()}
        return json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()

    def request(self, entry_id, body):
        webhook_id = f"msg_{self.stream}_{entry_id.decode()}"
        timestamp = str(int(time.time()))
        digest = hmac.digest(self.key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }

    async def deliver(self, entry_id, body):
        attempt = 1
        while True:
            headers = self.request(entry_id, body)
            headers["webhook-attempt"] = str(attempt)
            try:
                async with self.session.post(self.url, data=body, headers=headers, allow_redirects=False) as response:
                    await response.read()
                    if 200 <= response.status < 300:
                        return
                    logging.warning("%s: status %d", entry_id, response.status)
            except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                logging.warning("%s: %r", entry_id, error)
            await asyncio.sleep(min(60, 2 ** (attempt - 1)))
            attempt += 1

    async def send(self):
        while True:
            entry_id, fields = await self.entries.get()
            await self.deliver(entry_id, self.body(fields))
            self.delivered.append(entry_id)
            self.some_delivered.set()

    async def acknowledge(self):
        while True:
            await self.some_delivered.wait()
            await asyncio.sleep(ACK_DELAY_SECONDS)
            self.some_delivered.clear()
            delivered, self.delivered = self.delivered, []
            await self.client.xack(self.stream, self.group, *delivered)

    async def run(self):
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        work = [self.read(), self.acknowledge(), *(self.send() for _ in range(self.options.in_flight))]
        tasks = [asyncio.create_task(part) for part in work] + [asyncio.create_task(stop.wait())]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            task.result()
        if self.delivered:
            await self.client.xack(self.stream, self.group, *self.delivered)


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("redis", "stream", "group", "url", "secret"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--body", choices=("fields", "data"), default="fields")
    parser.add_argument("--in-flight", type=int, default=64)
    options = parser.parse_args()
    client = redis.asyncio.Redis.from_url(options.redis)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=options.in_flight, keepalive_timeout=60),
        timeout=aiohttp.ClientTimeout(total=15, sock_connect=5),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"content-type": "application/json", "user-agent": "asyncio-bridge/1"},
        skip_auto_headers=("accept-encoding",),
    )
    async with client, session:
        await Bridge(options, client, session).run()


if __name__ == "__main__":
    asyncio.run(main())
