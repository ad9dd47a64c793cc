"""nginx itself, with the configuration of its image, in front of a program that stands in for web."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.container.test_files import NGINX, tool
from tests.desk import free_port, until

TOKEN = "WzEsIm9uZSJd.aVoN2A.q3xVtX"
BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")


class Web:
    """Notes what reaches it, and answers."""

    def __init__(self):
        self.asked, self.held = [], []
        self.gate = threading.Event()
        self.gate.set()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/held":
                    web.held.append(self)
                    web.gate.wait(60)
                web.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(200)
                self.send_header("X-Request-ID", self.headers["X-Request-ID"])
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_POST = do_GET  # noqa: N815  the library's name

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Running:
    """nginx, and how it is spoken to."""

    def __init__(self, folder, port, web):
        self.folder, self.port, self.web = folder, port, web
        self.context = ssl.create_default_context(cafile=folder / "fullchain.pem")

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return self.context.wrap_socket(plain, server_hostname="desk.test")

    def fetch(self, path, method="GET", body=None, **headers):
        """Status, headers with small letters, and body of the answer."""
        connection = http.client.HTTPConnection("desk.test")
        with contextlib.closing(self.connect()) as connection.sock:
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": "desk.test", "Connection": "close", **headers}.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()

    @property
    def lines(self):
        """The lines of the access log."""
        return [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]

    @property
    def errors(self):
        return (self.folder / "errors.log").read_text()


@pytest.fixture(scope="module")
def web():
    made = Web()
    yield made
    made.close()


@pytest.fixture(scope="module")
def nginx(web, tmp_path_factory):
    """nginx as its image starts it, but for addresses, and with seconds where people are given more patience."""
    program, openssl = tool("nginx"), tool("openssl")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    folder.chmod(0o755)
    for path in [*NGINX.glob("*.conf"), *NGINX.glob("*.sed")]:
        shutil.copy(path, folder)
    shutil.copytree(NGINX / "errors", folder / "www" / "errors")
    (folder / "mime.types").write_text("types { text/html html; text/css css; }\n")
    (folder / "server_name.conf").write_text("server_name desk.test;\n")
    text = (folder / "nginx.conf").read_text()
    for given, here in {
        "/tmp/nginx": str(folder), "/etc/nginx/tls": str(folder), "/srv/www": str(folder / "www"),
        "server web:5000": f"server 127.0.0.1:{web.port}", "listen 8443": f"listen 127.0.0.1:{port}",
        "listen 8080": f"listen 127.0.0.1:{free_port()}", "listen 127.0.0.1:8081": f"listen 127.0.0.1:{free_port()}",
        "access_log /dev/stdout": f"access_log {folder}/access.log",
        "client_header_timeout 10s": "client_header_timeout 1s", "client_body_timeout 15s": "client_body_timeout 1s",
    }.items():  # fmt: skip
        assert given in text, given
        text = text.replace(given, here)
    if not BROTLI.exists():
        text = re.sub(r".*(brotli_static_module\.so|brotli_static on);\n", "", text)
    if os.geteuid() == 0:
        text = "user root;\n" + text  # it could not read this folder as anybody else
    (folder / "nginx.conf").write_text(text)
    subject = ("-subj", "/CN=desk.test", "-addext", "subjectAltName=DNS:desk.test")
    keys = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *keys],
        check=True,
        capture_output=True,
    )
    # As the entrypoint does it.
    command = (
        f"sed -u -E -f {folder}/mask.sed <errors >errors.log & "
        f"exec {program} -c {folder}/nginx.conf -g 'daemon off;' 2>errors"
    )
    subprocess.run(["mkfifo", folder / "errors"], check=True)
    (folder / "errors.log").touch()
    process = subprocess.Popen(["sh", "-c", command], cwd=folder)
    running = Running(folder, port, web)

    def answers():
        assert process.poll() is None, running.errors
        with contextlib.suppress(OSError):
            return running.fetch("/")[0] == 200

    try:
        until(answers, "nginx answers")
        yield running
    finally:
        process.terminate()
        process.wait(30)


def test_the_filter_of_errors_is_the_entrypoints(nginx):
    entrypoint = (NGINX / "entrypoint.sh").read_text()
    assert "sed -u -E -f /etc/nginx/mask.sed </tmp/nginx/errors >&2 &" in entrypoint
    assert 'exec "$@" 2>/tmp/nginx/errors' in entrypoint


@pytest.mark.parametrize("forged", ["f" * 32, "from-the-outside", 'x","event":"forged'])
def test_numbers_are_nginxs_own(nginx, forged):
    status, headers, _ = nginx.fetch("/numbered", X_Request_ID=forged)
    number = headers["x-request-id"]
    assert (status, bool(re.fullmatch("[0-9a-f]{32}", number))) == (200, True)
    assert number != forged
    until(lambda: nginx.lines[-1]["path"] == "/numbered" and nginx.lines[-1]["request_id"] == number, "it is logged")
    assert nginx.web.asked[-1][1]["x-request-id"] == number


def test_what_a_client_says_of_its_way_is_overwritten(nginx):
    nginx.fetch(
        "/way", X_Forwarded_For="127.0.0.1", X_Real_IP="127.0.0.1", Forwarded="for=127.0.0.1",
        Traceparent=f"00-{'f' * 32}-{'f' * 16}-01",
    )  # fmt: skip
    headers = nginx.web.asked[-1][1]
    assert headers["x-forwarded-for"] == "127.0.0.1"  # where this test is, and once
    assert not {"x-real-ip", "forwarded", "traceparent"} & headers.keys()


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/metrics?x=1", "/x/../metrics"])
def test_figures_are_not_for_the_world(nginx, path):
    asked = len(nginx.web.asked)
    assert nginx.fetch(path, Authorization="Bearer whatever")[0] == 404
    assert len(nginx.web.asked) == asked


@pytest.mark.parametrize(
    "path", ["/reset/{}", "//reset/{}", "/JOIN/{}", "/sign/{}?x={}", "/%72eset/{}", "/unsubscribe/{}/x", "/a?key={}"]
)
def test_secrets_of_letters_are_not_in_the_access_log(nginx, path):
    count = len(nginx.lines)
    nginx.fetch(path.format(TOKEN, TOKEN))
    until(lambda: len(nginx.lines) > count, "it is logged")
    assert TOKEN not in (nginx.folder / "access.log").read_text()
    assert len(nginx.lines) == count + 1


def test_nobody_writes_lines_of_the_access_log(nginx):
    count = len(nginx.lines)
    with contextlib.closing(nginx.connect()) as line:
        line.sendall(
            b'GET /a"},{"b\x1b[2K HTTP/1.1\r\nHost: desk.test\r\nConnection: close\r\nUser-Agent: "\x0b\r\n\r\n'
        )
        line.recv(100)
    until(lambda: len(nginx.lines) == count + 1, "one line, and it is JSON")


@pytest.mark.parametrize(
    "path", [f"/reset/{TOKEN}", f"/documents?q={TOKEN}", f"/%72eset/{TOKEN}", f"/x?next=/join/{TOKEN}"]
)
def test_secrets_of_letters_are_not_in_nginxs_errors(nginx, path):
    """nginx quotes the request in what it says of an error: here of a body that is too large."""
    before = nginx.errors
    with contextlib.closing(nginx.connect()) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: desk.test\r\nContent-Length: 5000000\r\n".encode())
        line.sendall(f"Referer: https://desk.test{path}\r\nConnection: close\r\n\r\n".encode())
        assert b" 413 " in line.recv(200)
    until(lambda: "too large body" in nginx.errors[len(before) :], "nginx tells it")
    assert TOKEN not in nginx.errors


def test_a_body_over_the_limit_is_answered_by_our_page(nginx):
    asked = len(nginx.web.asked)
    status, headers, body = nginx.fetch(
        "/documents", "POST", b"x" * (4 * 1024 * 1024 + 1), Content_Length=str(4 * 1024 * 1024 + 1)
    )
    assert (status, "That is too large" in body) == (413, True)
    assert "default-src 'self'" in headers["content-security-policy"]
    assert len(nginx.web.asked) == asked


def test_a_body_under_the_limit_goes_through_as_a_whole(nginx):
    body = b"x" * (4 * 1024 * 1024)
    assert nginx.fetch("/documents", "POST", body, Content_Length=str(len(body)))[0] == 200
    assert nginx.web.asked[-1][2] == body


def test_who_sends_headers_slowly_is_hung_up_on(nginx):
    """Slowloris: a header now and then, and never the end of them."""
    with contextlib.closing(nginx.connect()) as line:
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: desk.test\r\n")
        assert is_hung_up_on(line, b"X-More: 1\r\n")
    assert not any(path == "/slow" for path, _, _ in nginx.web.asked)


def test_who_sends_a_body_slowly_keeps_no_place_of_web(nginx):
    with contextlib.closing(nginx.connect()) as line:
        line.sendall(b"POST /slow-body HTTP/1.1\r\nHost: desk.test\r\nContent-Length: 1000\r\n\r\nbegun")
        assert is_hung_up_on(line, b"")
    assert not any(path == "/slow-body" for path, _, _ in nginx.web.asked)  # it is buffered here


def test_headers_have_a_largest_size(nginx):
    assert nginx.fetch("/", X_Long="x" * 20_000)[0] == 400
    assert nginx.fetch("/" + "x" * 20_000)[0] == 414


def test_one_address_has_a_number_of_connections(nginx):
    """While sixty requests are being answered, the sixty-first is told to come back."""
    nginx.web.gate.clear()
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                line = stack.enter_context(contextlib.closing(nginx.connect()))
                line.sendall(b"GET /held HTTP/1.1\r\nHost: desk.test\r\n\r\n")
            until(lambda: len(nginx.web.held) == 60, "all sixty have reached web")
            status, _, body = nginx.fetch("/one-more")
            assert (status, "That was too much at once" in body) == (429, True)
    finally:
        nginx.web.gate.set()
    until(lambda: nginx.fetch("/one-more")[0] == 200, "it comes back")


def test_the_times_that_people_are_given(nginx):
    text = (NGINX / "nginx.conf").read_text()
    for setting in ("client_header_timeout 10s;", "client_body_timeout 15s;", "send_timeout 20s;",
                    "large_client_header_buffers 4 8k;", "limit_conn connections 60;", "proxy_request_buffering on;",
                    "reset_timedout_connection on;"):  # fmt: skip
        assert setting in text, setting


def is_hung_up_on(line, more):
    """Does the other end hang up, though it gets something again and again?"""
    line.settimeout(0.2)

    def over():
        try:
            if more:
                line.sendall(more)
            return line.recv(1000) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    return until(over, "nginx hangs up", patience=20)
