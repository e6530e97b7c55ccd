"""The nginx and the Redis that all contenders share."""

import os
import shutil
import urllib.request

from .processes import Child, Failure, free_port, wait_for
from .resp import Redis

NGINX = """
daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{{http}
    access_log off;
    server_tokens off;
    keepalive_timeout 300s;
    keepalive_requests 1000000000;
    client_header_buffer_size 4k;
    client_body_buffer_size 64k;
    client_body_temp_path {scratch}/nginx.body;
    proxy_temp_path {scratch}/nginx.proxy;
    fastcgi_temp_path {scratch}/nginx.fastcgi;
    uwsgi_temp_path {scratch}/nginx.uwsgi;
    scgi_temp_path {scratch}/nginx.scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{ return 204; }}
        location = /status {{ stub_status; }}{server}
    }}
}}
"""


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Failure(f"{name} is not installed: apt-get install {'nginx-light' if name == 'nginx' else name}")
    return path


def ready(server, what):
    """The server once it answers; nothing of it remains if it never does."""
    try:
        wait_for(what, server.answers, 10)
    except BaseException:
        server.child.end()
        raise
    return server


class Nginx:
    """One worker that takes the whole request and answers 204. `http` and `server` are further directives of these blocks."""

    def __init__(self, scratch, http="", server=""):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hooks"
        path = os.path.join(scratch, "nginx.conf")
        with open(path, "w") as config:
            config.write(NGINX.format(scratch=scratch, port=self.port, http=http, server=server))
        self.child = Child("nginx", [program("nginx"), "-p", scratch, "-e", "stderr", "-c", path], scratch)

    def __enter__(self):
        return ready(self, "nginx answers")

    def __exit__(self, *_):
        self.child.end()

    def answers(self):
        self.child.check()
        try:
            return self.requests() > 0
        except OSError:
            return False

    def requests(self):
        """Requests handled so far, this one included."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}/status", timeout=10) as response:
            return int(response.read().split(b"\n")[2].split()[2])


class RedisServer:
    """A server that keeps nothing on disk, so that fsync is not part of what is compared."""

    def __init__(self, scratch):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--dir", scratch, "--save", "", "--appendonly", "no"]
        self.child = Child("redis-server", command, scratch)

    def __enter__(self):
        return ready(self, "redis-server answers")

    def __exit__(self, *_):
        self.child.end()

    def answers(self):
        self.child.check()
        try:
            with self.connect() as redis:
                return redis("PING") == "PONG"
        except OSError:
            return False

    def connect(self):
        return Redis(self.port)
