"""nginx with 200 bytes of JSON, plain and over TLS, on a core of its own: the judge that counts the requests."""

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine

BODY = '{"id": 1, "ok": true, "name": "' + "x" * 167 + '"}'
assert len(BODY) == 200

_CONF = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 30000; }}
worker_rlimit_nofile 40000;
http {{
  access_log off; default_type application/json; keepalive_requests 1000000000; keepalive_timeout 3600s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{plain} backlog=8192;
    listen 127.0.0.1:{tls} ssl backlog=8192;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    location = /count {{ stub_status; }}
    location / {{ return 200 '{body}'; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running server."""

    url: str
    tls_url: str
    authority: Path
    """The certificate of the authority that signed the server's."""
    pid: int

    def requests(self) -> int:
        """Answered since it started."""
        with urllib.request.urlopen(f"{self.url}/count", timeout=10) as answer:
            return int(answer.read().split()[9])

    def cpu_s(self) -> float:
        """CPU seconds of all its processes."""
        return sum(machine.cpu_s(pid) for pid in machine.tree(self.pid))


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[Nginx]:
    """Serve on free ports of the first core. Raises FileNotFoundError where nginx is not installed."""
    import trustme

    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise FileNotFoundError("nginx is not installed (apt-get install nginx-light)")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "server.pem", append=True)
    plain, tls = _free_port(), _free_port()
    conf = folder / "nginx.conf"
    conf.write_text(_CONF.format(folder=folder, plain=plain, tls=tls, body=BODY))
    process = subprocess.Popen(
        [program, "-c", str(conf)], stderr=subprocess.DEVNULL, preexec_fn=lambda: machine.pin(machine.SERVER_CORE)
    )
    server = Nginx(f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}", folder / "authority.pem", process.pid)
    try:
        _until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _until_ready(server: Nginx) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            server.requests()
            return
        time.sleep(0.05)
    raise RuntimeError("nginx did not start")
