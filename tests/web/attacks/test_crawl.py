"""A browser of each role follows every link and every form that asks (GET), over a desk in use."""

from collections import Counter, deque
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from flask import url_for
from lxml import html
from werkzeug.exceptions import HTTPException

from copydesk.web.guards import PUBLIC_ENDPOINTS
from tests.web.attacks import passive
from tests.web.attacks.populated import CANARY, PEOPLE, STRANGERS, populate

MOST_ALIKE = 3  # addresses of one endpoint with the same names in the query
EVERY_STATE = {"documents.show": 20}  # but the page of a document looks different in each state
FRAGMENTS = {"queue.live", "documents.before", "documents.comments", "documents.open_suggestions"}  # parts of a page
FOR_CACHES = {"static", "health.healthz", "health.readyz", "feeds.atom", "feeds.as_json", "house.words"}
# What scripts of a page ask for; the crawler runs none, so these are typed.
ASKED_BY_SCRIPTS = (
    "documents.desk", "documents.progress", "documents.comments", "documents.open_suggestions", "documents.look_around",
    "documents.looking_data", "documents.before", "documents.tidy",
)  # fmt: skip
TYPED = ("house.words", "queue.live", "account.verify", "account.asked", "account.send_confirmation",
         "health.healthz")  # fmt: skip
# Pages that nothing leads to, with the reason; `test_permissions.py` opens them as everybody.
NOT_LINKED = {
    "account.leave": "an address to type, which logs out",
    "health.readyz": "for machines; asks an engine, which is not there",
    "metrics.metrics": "for machines",
    "account.postponed_act": "after showing once more who one is",
    "account.second_step": "between password and desk",
    "account.first_second_step": "between password and desk",
    "account.confirm": "its link is in a letter",
    "account.change_address": "its link is in a letter",
    "account.join": "its link is in a letter",
    "account.reset": "its link is in a letter",
    "notifications.ask_to_stop": "its link is in a letter",
    "signing.show": "its link is in a letter",
    "documents.planned": "behind a table that was sent",
    "documents.not_created": "behind a table that was confirmed",
    "documents.candidates": "behind a passage for which words were asked",
    "documents.continuation": "behind words to go on with",
    "documents.replay_progress": "behind a draft that is written again",
}


class Browser:
    """One person's: what it has seen, and what is wrong."""

    def __init__(self, app, client, who: str, typed: list[str]) -> None:
        self.app, self.client, self.who = app, client, who
        self.seen: set[str] = set()
        self.alike: Counter = Counter()
        self.reached: set[str] = set()
        self.wrong: list[str] = []
        self.answers = 0
        self.waiting = deque((address, "typed") for address in ["/", *typed])

    def walk(self) -> None:
        while self.waiting:
            address, found_on = self.waiting.popleft()
            parts = urlsplit(address)
            if address in self.seen or parts.netloc not in ("", "localhost", "127.0.0.1:5000"):
                continue
            self.seen.add(address)
            endpoint = self._endpoint(parts.path)
            key = (endpoint, tuple(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})))
            self.alike[key] += 1
            if self.alike[key] <= EVERY_STATE.get(endpoint, MOST_ALIKE):
                self._open(address, endpoint, found_on)

    def _endpoint(self, path: str) -> str:
        try:
            return str(self.app.url_map.bind("localhost").match(path, method="GET")[0])
        except HTTPException:
            return f"nothing at {path}"

    def _open(self, address: str, endpoint: str, found_on: str) -> None:
        answer = self.client.get(address)
        self.answers += 1
        self.reached.add(endpoint)
        refused = answer.status_code < 500 if found_on == "typed" else answer.status_code == 403
        if answer.status_code >= 400 and not refused:
            self.wrong.append(f"{answer.status_code} {address}, found on {found_on}")
        if self.who in STRANGERS and CANARY.encode() in answer.data:
            self.wrong.append(f"{address} shows what is somebody else's")
        private = endpoint not in FOR_CACHES and self.who != "anonymous"
        found = passive.faults(answer, private=private, part=endpoint in FRAGMENTS)
        self.wrong += [f"{address}: {one}" for one in found]
        if answer.location:
            self.waiting.append((urljoin(address, answer.location), address))
        elif answer.mimetype == "text/html" and endpoint not in FRAGMENTS:
            self._links(address, answer.text)
        answer.close()

    def _links(self, here: str, text: str) -> None:
        page = html.document_fromstring(text)
        for link in page.xpath("//a/@href | //link/@href | //script/@src | //img/@src"):
            if not link.startswith(("#", "mailto:")):
                self.waiting.append((urljoin(here, link.partition("#")[0]), here))
        for form in page.forms:
            if form.method == "GET":
                values = [(name, value) for name, value in form.form_values() if value is not None]
                asked = urljoin(here, form.action or here).partition("?")[0]
                self.waiting.append((f"{asked}?{urlencode(values)}", here))


def typed(app, documents) -> list[str]:
    """What is asked for without a link: for two of the texts, and once."""
    with app.test_request_context():
        own = [url_for(endpoint, document_id=one.id) for one in documents for endpoint in ASKED_BY_SCRIPTS]
        return own + [url_for(endpoint) for endpoint in TYPED]


def test_every_page_that_a_person_finds(app, session, cast, as_person):
    desk, reached = populate(session, cast), set()
    addresses = typed(app, [desk.documents["editing"], desk.documents["drafting"]])
    for who in PEOPLE:
        browser = Browser(app, as_person(getattr(cast, who, None)), who, addresses)
        browser.walk()
        assert browser.wrong == [], who
        reached |= browser.reached
    seen = [one for one in desk.foreign if CANARY in browser.client.get(f"/documents/{one.id}").text]
    assert seen == desk.foreign  # the last is the admin, still logged in: there is something to be seen
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods} - PUBLIC_ENDPOINTS
    assert pages - reached == set(NOT_LINKED)
