"""Which passwords are good enough, and lists of stolen ones asked of a real server."""

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from copydesk.accounts import passwords

GOOD = "seven otters juggle quietly"


@pytest.mark.parametrize("password", ["", "short", "1234567"])
def test_too_short(password):
    assert passwords.fault(password) == "At least 8 characters, please."


@pytest.mark.parametrize("password", ["password", "P@ssw0rd!", "qwertyuiop", "aaaaaaaaaaaa", "20.11.2026", "copydesk1"])
def test_what_everybody_tries_first(password):
    assert passwords.fault(password) == passwords.WEAK


@pytest.mark.parametrize("password", ["Kowalczyk-Brandt", "kowalczyk.brandt", "Harbourside Gallery"])
def test_what_others_know_of_a_person(password):
    about = ("Mirosława Kowalczyk-Brandt", "kowalczyk.brandt@example.org", "Harbourside Gallery")
    assert passwords.fault(password, about) == passwords.OWN_WORDS


@pytest.mark.parametrize(
    "password", [GOOD, "面包店的味道很特别今天", "x9$kQ2!vLp", "a" + "correct horse battery staple" * 9]
)
def test_long_ones_need_no_rules(password):
    assert passwords.fault(password, ("Ruth Okafor",)) is None


@pytest.fixture
def lists():
    """A server of stolen passwords; `answers` are its lines, `asked` what came."""

    class Lists(BaseHTTPRequestHandler):
        answers, asked, status = [], [], 200

        def do_GET(self):
            self.asked.append(self.path)
            body = "\r\n".join(self.answers).encode()
            self.send_response(self.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    Thread(target=server.serve_forever, daemon=True).start()
    Lists.url = f"http://127.0.0.1:{server.server_port}/range"
    yield Lists
    server.shutdown()
    server.server_close()


def digest(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()


@pytest.mark.parametrize(("count", "says"), [("17", passwords.STOLEN), ("0", None)])
def test_one_that_was_stolen(lists, count, says):
    lists.answers[:] = ["0" * 35 + ":3", f"{digest(GOOD)[5:]}:{count}"]
    assert passwords.fault(GOOD, stolen_url=lists.url) == says
    assert lists.asked[-1] == f"/range/{digest(GOOD)[:5]}"  # and no more of it leaves the desk


@pytest.mark.parametrize("status", [500, 404])
def test_lists_that_do_not_answer_keep_nobody_out(lists, monkeypatch, status):
    monkeypatch.setattr(lists, "status", status)
    assert passwords.fault(GOOD, stolen_url=lists.url) is None
    assert passwords.fault(GOOD, stolen_url="http://127.0.0.1:9/range") is None
