"""As much of a Redis client as the benchmark needs, so that it measures with the standard library alone."""

import socket


class RedisError(Exception):
    pass


def encode(*parts):
    command = b"*%d\r\n" % len(parts)
    for part in parts:
        part = part if isinstance(part, bytes) else str(part).encode()
        command += b"$%d\r\n%s\r\n" % (len(part), part)
    return command


class Redis:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.replies = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.replies.close()
        self.socket.close()

    def __call__(self, *parts):
        self.socket.sendall(encode(*parts))
        return self.reply()

    def pipeline(self, commands):
        """Sends encoded commands, a thousand at a time; raises at the first error."""
        for start in range(0, len(commands), 1000):
            some = commands[start : start + 1000]
            self.socket.sendall(b"".join(some))
            for _ in some:
                self.reply()

    def reply(self):
        line = self.replies.readline()
        if not line.endswith(b"\r\n"):
            raise RedisError("redis-server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if int(rest) < 0:
            return None
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return self.replies.read(int(rest) + 2)[:-2].decode()

    def settled(self, stream, group, total):
        """How many of the `total` entries of the stream this group has acknowledged."""
        for values in self("XINFO", "GROUPS", stream):
            info = dict(zip(values[::2], values[1::2]))
            if info["name"] != group:
                continue
            if info["lag"] is None:
                raise RedisError(f"Redis cannot tell the lag of {group}: entries were deleted from {stream}")
            return total - info["lag"] - info["pending"]
        raise RedisError(f"{stream} has no group {group}")

    def lag(self, stream, group):
        """How many entries the group has not read."""
        for values in self("XINFO", "GROUPS", stream):
            info = dict(zip(values[::2], values[1::2]))
            if info["name"] == group:
                return info["lag"]
        raise RedisError(f"{stream} has no group {group}")
