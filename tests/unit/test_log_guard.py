"""What no log line may hold: as JSON and on the console, from our own code and from libraries."""

import io
import json
import logging
import re

import pytest
import structlog
from pydantic import SecretStr

from copydesk import log_guard
from copydesk.engine.cli import engine  # noqa: F401  its formatter is the one below
from copydesk.logs import configure_logging

KNOWN = "d41d8cd98f00b204e980"
TOKEN = "WzEsIm9uZS1vZi11cyJd.aVoN2A.q3xVtX-9s"
SAYINGS = {
    "a value that is a secret of the desk": (f"the key is {KNOWN}.", KNOWN),
    "a link to reset": (f"GET /reset/{TOKEN} HTTP/1.1", TOKEN),
    "a link of an invitation": (f"https://desk.example.org/join/{TOKEN}", TOKEN),
    "a link to sign, doubled slash": (f"GET //sign//{TOKEN}?x=1", TOKEN),
    "a link to confirm, as a parameter": (f"/login?next=%2Fconfirm%2F{TOKEN}", TOKEN),
    "a new address": (f"/address/{TOKEN}", TOKEN),
    "an end of letters": (f"/unsubscribe/{TOKEN}", TOKEN),
    "a key in a query": ("/read/a-page?key=7f3a9c1e&page=2", "7f3a9c1e"),
    "a bearer": ("sent Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
    "a header of many": ("{'Cookie': 'copydesk=eyJfZnJlc2giOnRydWV9'}", "eyJfZnJlc2giOnRydWV9"),
    "a form": ("email=a@b.org&password=hunter2hunter2&x=1", "hunter2hunter2"),
    "the address of a server": ("could not reach smtp://desk:letmein99@mail:587", "letmein99"),
    "a row that the database refuses": (
        'duplicate key value\nDETAIL:  Key (email)=(ruth@example.org) already\nexists by Ruth.\n[SQL: INSERT]',
        "ruth@example.org",
    ),
    "what came after a break in it": ("bad\nDETAIL:  Failing row contains (1, first\nsecond line).\n", "second line"),
    "a statement that is quoted": ("wrong\nLINE 1: SELECT 'a brief of hers'\n               ^\n", "a brief of hers"),
}  # fmt: skip


@pytest.fixture(params=[True, False], ids=["json", "console"])
def written(request, config):
    """Write log lines as a process does; gives what came out, and how the fields of a JSON line are read."""
    before = list(logging.getLogger().handlers), logging.getLogger().level
    configured = structlog.get_config() if structlog.is_configured() else None
    settings = config.model_copy(update={"log_json": request.param, "engine_token": SecretStr(KNOWN)})
    configure_logging(settings)
    stream = io.StringIO()
    (handler,) = logging.getLogger().handlers
    handler.setStream(stream)

    def lines():
        return stream.getvalue().splitlines()

    lines.as_json = request.param
    yield lines
    logging.getLogger().handlers[:], logging.getLogger().level = before
    structlog.reset_defaults()
    if configured is not None:  # by an application that other tests go on with
        structlog.configure(**configured)


@pytest.mark.parametrize("what", SAYINGS)
def test_secrets_are_hidden(written, what):
    saying, secret = SAYINGS[what]
    structlog.get_logger("ours").info("said", words=saying, more={"deep": [saying]})
    logging.getLogger("theirs").warning("%s", saying)
    try:
        raise ValueError(saying)
    except ValueError:
        structlog.get_logger("ours").exception("broke")
    text = "\n".join(written())
    assert text.count("said") >= 1
    assert "ValueError" in text
    assert secret not in text


@pytest.mark.parametrize("name", ["password", "Authorization", "cookie", "csrf_token", "secret", "recovery_codes"])
def test_fields_with_such_names_are_hidden_whatever_they_hold(written, name):
    structlog.get_logger("ours").info("said", **{name: "xyz-1"}, inside={name: "xyz-2"})
    text = "\n".join(written())
    assert text.count(log_guard.HIDDEN) == 2
    assert "xyz-" not in text


def test_ordinary_words_are_left_alone(written):
    saying = "draft 7 of /documents/5e0c is done: 160 tokens in 1.2 s, signed by Ruth Okafor (sponsor)"
    structlog.get_logger("ours").info("draft.done", words=saying, tokens=160, tokens_target=200, user=None, good=True)
    (line,) = written()
    assert "/documents/5e0c" in line
    assert "Ruth Okafor" in line
    assert log_guard.HIDDEN not in line
    assert '"tokens": 160' in line if written.as_json else "tokens=160" in line


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2K\x1b[1G"])
def test_nobody_begins_a_line_of_the_log(written, breaks):
    forged = f"x{breaks}2026-01-01T00:00:00Z [info     ] account.approved actor=1"
    structlog.get_logger("ours").info("request", path=forged, agent=forged, **{f"a{breaks}b": 1})
    logging.getLogger("theirs").warning("no such page: %s", forged)
    lines = written()
    assert len(lines) == 2
    assert breaks not in "".join(lines)
    if written.as_json:
        assert json.loads(lines[0])["path"] == forged  # nothing is lost, it is only written as JSON writes it


def test_a_traceback_can_not_be_taken_for_lines_of_the_log(written):
    forged = "2026-01-01T00:00:00Z [info     ] account.approved actor=1"
    try:
        raise ValueError(f"x\n{forged}")
    except ValueError:
        structlog.get_logger("ours").exception("broke")
    lines = written()
    assert any("account.approved" in line for line in lines)
    assert not any(line.startswith("2026-01-01") for line in lines)
    assert len(lines) == 1 if written.as_json else all(line.startswith("  | ") for line in lines[1:])


def test_no_local_variables_stand_in_a_traceback(written):
    def log_in(password):
        raise ValueError("no")

    try:
        log_in("".join(["hunter", "22", "hunter"]))
    except ValueError:
        structlog.get_logger("ours").exception("broke")
    assert "hunter22hunter" not in "\n".join(written())


def test_the_engine_writes_with_the_same_care():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_guard.GuardedFormatter("%(levelname)s %(message)s", [KNOWN]))
    log = logging.Logger("engine")
    log.addHandler(handler)
    try:
        raise ValueError(f"{KNOWN}\nINFO forged")
    except ValueError:
        log.exception("a question\nINFO forged by %s", KNOWN)
    lines = stream.getvalue().splitlines()
    assert lines[0] == r"ERROR a question\x0aINFO forged by [hidden]"
    assert KNOWN not in "".join(lines)
    assert all(line.startswith("  | ") for line in lines[1:])


def test_secrets_are_known_from_the_settings(config):
    settings = config.model_copy(
        update={
            "database_url": "postgresql://desk:of%20the%20database@database/desk",
            "smtp_url": SecretStr("smtp://desk:of-the-mail@mail"),
            "remote_engine_keys": SecretStr('{"https://other/v1": "of-another-engine"}'),
            "metrics_token": SecretStr("of-the-figures"),
            "sentry_dsn": SecretStr("https://of-sentry@faults.example.org/1"),
        }
    )
    assert {"of the database", "of-the-mail", "of-another-engine", "of-the-figures"} <= settings.secrets()
    assert settings.secret_key.get_secret_value() in settings.secrets()
    assert "" not in settings.secrets()


def test_addresses_with_secrets_are_all_known(app):
    """A new page with a secret in its address must be named here and in nginx's list."""
    places = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules() if "token" in rule.arguments}
    assert places == set(log_guard.SECRET_PLACES)


def test_long_lines_take_no_long_time():
    guard = log_guard.Guard([KNOWN])
    for text in ("/" * 20_000, "password" * 5_000, "\nDETAIL:" * 3_000, "?next=" * 5_000, "a=" * 20_000):
        assert isinstance(guard.hide(text), str)


@pytest.mark.parametrize("text", ["a" * 31, "A" * 32, "g" * 32, "a" * 33, "a" * 32 + "\n", "", None, 7])
def test_only_our_own_form_of_a_number_is_one(text):
    from copydesk import request_ids

    assert not request_ids.is_one(text)
    assert request_ids.is_one(request_ids.new())
    assert re.fullmatch("[0-9a-f]{32}", request_ids.new())
