"""Every form and every JSON route, as each role, with values that nobody of good will sends.

Nothing may break (no answer above 499), and nothing of other people's texts may be in any answer. The same values each
time, so that a failure stays one; more of them, and others, with `FUZZ_EXAMPLES=50`.
"""

import io
import json
import os
import uuid
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlencode

import pytest
from flask import url_for
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule, UUIDConverter

from copydesk.documents.asking.batches import Batch
from copydesk.documents.asking.unfinished import Unfinished
from copydesk.web.guards import PUBLIC_ENDPOINTS
from tests.web.attacks import fields, nasty
from tests.web.attacks.passive import what_would_run
from tests.web.attacks.populated import CANARY, PEOPLE, STRANGERS, Desk, populate
from tests.web.test_permissions import MATRIX

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))  # of each route, for each role that may open it
JSON_ROUTES = {
    ("POST", "documents.go_on"): {"base": 2, "text": "Typed", "at": 5},
    ("POST", "documents.accept_words"): {"characters": 1},
    ("POST", "documents.looking_at_unsaved"): {"text": "Typed"},
    ("PUT", "documents.keep_unsent"): {
        "tab": "one", "version": 1, "base": 2, "title": "T", "body": "B", "paragraph": 1, "instead_of": ["two", 1],
    },
    ("DELETE", "documents.discard_unsent"): {"tab": "one", "version": 1},
    ("POST", "documents.give_sign"): {"tab": "one", "doing": "reading", "paragraph": 1},
}  # fmt: skip
FILES = (("documents.many", "file"), ("documents.attach", "attachment"), ("documents.new", "attachment"))
NOT_ASKED = {"static", "health.readyz"}  # files; and what asks an engine, which is not there
LEFT_OUT = NOT_ASKED | {"account.leave", "security.logout"}  # they log out, and what follows would be turned away
PAGES_OF_A_DOCUMENT = (
    "documents.show", "documents.publish", "documents.reopen", "documents.retract", "documents.brief",
    "documents.draft_again", "documents.redraft_passage", "documents.suggest", "documents.tidy", "documents.sign_off",
    "documents.paragraphs", "documents.hand_over", "documents.delete", "documents.publish_in_emergency",
)  # fmt: skip
quick = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Attack:
    """One person's browser, sending what it likes; all is undone after every request, logging out included."""

    def __init__(self, app, session, desk: Desk, client, who: str) -> None:
        self.app, self.session, self.desk, self.client, self.who = app, session, desk, client, who
        self.numbers = self._numbers()
        self.cookies = dict(client._cookies)
        self.sent = self.turned_away = 0

    def _numbers(self) -> dict[str, list[uuid.UUID]]:
        """What stands in addresses in the place of a UUID that is no document's."""
        kept = [*self.session.scalars(select(Batch.id)), *self.session.scalars(select(Unfinished.id))]
        return {"number": sorted(kept, key=str), "login_id": [uuid.UUID(int=0)]}

    def address(self, rule: Rule) -> st.SearchStrategy[str]:
        """An address of this route: of one's own texts, of somebody else's, of nothing."""
        mine = [one.id for one in self.desk.documents.values()]
        documents = st.sampled_from(mine) | st.sampled_from([one.id for one in self.desk.foreign])
        values = {}
        for name in sorted(rule.arguments):
            kind = rule._converters[name]
            if name == "document_id":
                values[name] = documents
            elif isinstance(kind, UUIDConverter):
                values[name] = st.sampled_from(self.numbers[name])
            elif isinstance(kind, IntegerConverter):
                values[name] = nasty.NUMBERS
            elif name in ("role", "suffix"):
                values[name] = st.just("sponsor" if name == "role" else "md")
            else:
                values[name] = nasty.WORDS.map(lambda words: words.encode("utf-8", "replace").decode()[:200] or "-")
        adapter = self.app.url_map.bind("localhost")
        return st.fixed_dictionaries(values).map(lambda given: adapter.build(rule.endpoint, given))

    def send(self, method: str, address: str, **what) -> None:
        with self.session.begin_nested() as undo:
            answer = self.client.open(address, method=method, **what)
            body = answer.get_data()
            answer.close()
            undo.rollback()
        self.session.expire_all()
        self.client._cookies.clear()
        self.client._cookies.update(self.cookies)
        self.sent += 1
        self.turned_away += answer.headers.get("Location", "").startswith("/login?")
        said = f"{self.who}: {answer.status_code} {method} {address} {what!a:.2000}"
        assert answer.status_code < 500, said
        assert self.who not in STRANGERS or CANARY.encode() not in body, said
        assert not any(one.startswith("stolen") for one in answer.headers.getlist("Set-Cookie")), said
        location = answer.headers.get("Location", "/").removeprefix("http://localhost")  # two slashes made one
        assert location.startswith("/"), said
        assert not location.startswith(("//", "/\\")), said
        if answer.mimetype == "text/html" and body:
            assert list(what_would_run(html.fragment_fromstring(answer.text, "div"))) == [], said


def attempts(
    address: st.SearchStrategy[str], what: st.SearchStrategy, do: Callable[[str, object], None], named: str
) -> None:
    """`EXAMPLES` times, with an address and something to send to it; other values for each route, `named` so."""
    attempt = given(address, what)(lambda address, what: do(address, what))  # noqa: PLW0108  it looks at its names
    quick(seed(zlib.crc32(named.encode()) + EXAMPLES)(attempt))()


def _send_form(mine: Attack, method: str, address: str, data) -> None:
    mine.send(method, address, data=_encoded(data), content_type="application/x-www-form-urlencoded")


def _ask(mine: Attack, address: str, data) -> None:
    mine.send("GET", address, query_string=_encoded(data))


def _encoded(data: list[tuple[str, str]]) -> str:
    """Half a character, too, which no browser sends."""
    return urlencode(data, errors="surrogatepass")


def _send_json(mine: Attack, method: str, address: str, body) -> None:
    mine.send(method, address, data=json.dumps(body), content_type="application/json")


def may_open(who: str, method: str, endpoint: str) -> bool:
    return endpoint in PUBLIC_ENDPOINTS or MATRIX[method, endpoint][who] == "open"


def filled(known: dict[str, str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    """The form as the page has it, with some fields changed, left out, or sent twice."""
    each = [
        st.one_of(
            st.just([(name, value)]),
            nasty.WORDS.map(lambda words, name=name: [(name, words)]),
            st.just([]),
            nasty.WORDS.map(lambda words, name=name, value=value: [(name, value), (name, words)]),
        )
        for name, value in sorted(known.items())
    ]
    return st.tuples(*each).map(lambda parts: [pair for part in parts for pair in part])


@pytest.fixture
def attack(app, session, cast, as_person):
    desk = populate(session, cast)

    def make(who: str) -> Attack:
        browser = as_person(getattr(cast, who, None))
        session.commit()
        return Attack(app, session, desk, browser, who)

    return make


def known_fields(app, attack: Attack) -> fields.Fields:
    """Of the pages that this person can open."""
    with app.test_request_context():
        addresses = [
            url_for(endpoint, document_id=one.id)
            for state, one in attack.desk.documents.items()
            for endpoint in (
                PAGES_OF_A_DOCUMENT if state in ("editing", "approved", "published") else ["documents.show"]
            )
        ]
        addresses += [
            url_for(rule.endpoint)
            for rule in app.url_map.iter_rules()
            if "GET" in rule.methods and not rule.arguments and rule.endpoint not in LEFT_OUT
        ]
    return fields.on_pages(app, attack.client, addresses)


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_takes_anything(app, attack, who):
    mine = attack(who)
    known = known_fields(app, mine)
    for method, rule in fields.changing(app):
        if rule.endpoint in LEFT_OUT:
            continue
        if may_open(who, method, rule.endpoint) and (method, rule.endpoint) not in JSON_ROUTES:
            asked = dict.fromkeys(fields.in_code(app, rule.endpoint, "form"), "")
            names = asked | known.get((method, rule.endpoint), {})
            attempts(
                mine.address(rule), filled(names), partial(_send_form, mine, method), f"{who} {method} {rule.endpoint}"
            )
            _send_a_megabyte(mine, method, rule, names)
            _knock(mine, method, rule)
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.endpoint):
        if "GET" in rule.methods and rule.endpoint not in LEFT_OUT and may_open(who, "GET", rule.endpoint):
            asked = dict.fromkeys(fields.in_code(app, rule.endpoint, "args"), "")
            names = asked | known.get(("GET", rule.endpoint), {})
            attempts(mine.address(rule), filled(names), partial(_ask, mine), f"{who} GET {rule.endpoint}")
            _knock(mine, "GET", rule)
    assert mine.sent >= 20
    assert mine.turned_away == 0 or who == "anonymous"  # else nothing was tried at all


def _knock(mine: Attack, method: str, rule: Rule) -> None:
    """At the same door of every text that is somebody else's."""
    if rule.arguments == {"document_id"}:
        for document in mine.desk.foreign[:3]:
            mine.send(method, mine.app.url_map.bind("localhost").build(rule.endpoint, {"document_id": document.id}))


def _send_a_megabyte(mine: Attack, method: str, rule: Rule, names: dict[str, str]) -> None:
    """Shared out among the fields."""
    given = {"document_id": mine.desk.documents["editing"].id, "role": "sponsor", "number": 1}
    if names and rule.arguments <= given.keys() and not isinstance(rule._converters.get("number"), UUIDConverter):
        with mine.app.test_request_context():
            address = url_for(rule.endpoint, **{name: given[name] for name in rule.arguments})
        data = dict.fromkeys(names, nasty.MEGABYTE[: len(nasty.MEGABYTE) // len(names)])
        mine.send(method, address, data=data)


@pytest.mark.parametrize("who", ["editor", "sponsor"])
def test_every_json_route_takes_anything(app, attack, who):
    mine, rules = attack(who), {(method, rule.endpoint): rule for method, rule in fields.changing(app)}
    own = mine.desk.documents["editing"].id
    for (method, endpoint), usual in JSON_ROUTES.items():
        if not may_open(who, method, endpoint):
            continue
        arguments = {"document_id": own} | ({"number": 1} if "number" in rules[method, endpoint].arguments else {})
        with app.test_request_context():
            address = url_for(endpoint, **arguments)
        for raw in nasty.RAW_JSON:
            mine.send(method, address, data=raw, content_type="application/json")

        values = {name: st.just(value) | nasty.TREES for name, value in usual.items()}

        bodies = st.fixed_dictionaries({}, optional=values) | nasty.TREES
        attempts(st.just(address), bodies, partial(_send_json, mine, method), f"{who} {endpoint}")
    assert mine.sent > 15


def test_json_routes_are_these_and_take_nothing_else(app, attack):
    """415 for a form, which another site could send without asking; everything else takes forms."""
    mine, taking = attack("editor"), set()
    for method, rule in fields.changing(app):
        if rule.arguments <= {"document_id", "number"} and may_open("editor", method, rule.endpoint):
            given = {"document_id": mine.desk.documents["editing"].id, "number": 1}
            with app.test_request_context():
                address = url_for(rule.endpoint, **{name: given[name] for name in rule.arguments})
            with mine.session.begin_nested() as undo:
                for content_type in ("text/plain", "application/x-www-form-urlencoded"):
                    answer = mine.client.open(address, method=method, data=b"{}", content_type=content_type)
                    if answer.status_code == 415:
                        taking.add((method, rule.endpoint))
                undo.rollback()
            mine.session.expire_all()
    assert taking == set(JSON_ROUTES)


def _uploads() -> Iterator[tuple[str, bytes]]:
    names = (
        "../../etc/passwd",
        "a\r\nSet-Cookie: stolen=1.txt",
        "\u202efdp.exe",
        "a" * 5000 + ".txt",
        "",
        "\x00.pdf",
        "=1+1.csv",
    )
    yield from ((name, b"Some words") for name in names)
    yield "a.csv", b"title,brief\n" + b'"' * 1000
    yield "a.csv", b"\xff\xfe\x00\xd8"
    yield "a.csv", b"title,brief\n" + b"a," * 50_000
    yield "a.docx", b"PK\x03\x04" + b"\x00" * 100
    yield "a.pdf", b"%PDF-1.7\n" + b"\x00" * 1000
    yield "a.txt", b""


def test_every_form_for_files_takes_anything(app, attack):
    mine = attack("sponsor")
    own = {"document_id": mine.desk.documents["editing"].id}
    for endpoint, field in FILES:
        with app.test_request_context():
            address = url_for(endpoint, **(own if endpoint == "documents.attach" else {}))
        for name, content in _uploads():
            data = {"title": "T", "brief": "B", field: (io.BytesIO(content), name)}
            mine.send("POST", address, data=data, content_type="multipart/form-data")
