"""The production stack, built and started as it is deployed, with a real browser in front of nginx."""

import os
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.entering import PASSWORD, knock, log_in, set_up_app, sign_up
from tests.browser.test_story import confirm, deliver, state

ADMIN = "grete@example.org"
LASTING = ("nginx", "web", "worker", "engine", "database", "backup")


@pytest.fixture(scope="module")
def chromium(stack):
    """A browser that stands in the stack's network."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if path is None:
        pytest.skip("No Chromium was found: install Debian's package chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=stack.browser_program(path),
            args=[*FLAGS, "--host-resolver-rules=MAP desk.test 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page_of(stack, chromium):
    """A browser of its own for each person. Any error in a page's console fails the test."""
    contexts, errors = [], []

    def open_for(name):
        context = chromium.new_context(base_url=stack.url, ignore_https_errors=True)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{name}: {error}"))
        page.on(
            "console", lambda message: errors.append(f"{name}: {message.text}") if message.type == "error" else None
        )
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert errors == []


def confirm_address(stack, page, address):
    """By the link of the letter, which lies in the outbox: this desk has no mail server."""
    query = f"SELECT body FROM mails WHERE recipient = '{address}' ORDER BY id LIMIT 1"
    letter = stack.execute("database", "psql", "-qtA", "-h", "/run/postgresql", "-U", "copydesk", "-c", query)
    page.goto(re.search(r"https://desk\.test(/confirm/\S+)", letter)[1])
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()


def test_the_main_job_through_nginx(stack, page_of):
    stack.execute("web", "copydesk", "create-admin", ADMIN, "--name", "Grete Admin", "--password", PASSWORD)
    sponsor, editor, admin = page_of("sponsor"), page_of("editor"), page_of("admin")
    addresses = sign_up(sponsor, "sponsor", "Ruth Okafor"), sign_up(editor, "editor", "Ada Byrne")
    knock(admin, ADMIN)
    set_up_app(admin)  # nobody is an admin here by a password alone
    admin.wait_for_url("**/documents**")
    admin.goto("/admin/signups")
    for name in ("Ruth Okafor", "Ada Byrne"):
        admin.locator("tr", has_text=name).get_by_role("button", name="Approve").click()
        expect(admin.get_by_text(f"{name} can log in now")).to_be_visible()

    for page, address in zip((sponsor, editor), addresses, strict=True):
        confirm_address(stack, page, address)
        log_in(page, address)
    sponsor.goto("/documents/new")
    sponsor.get_by_label("Title").fill("Ceramics at the bakery")
    sponsor.get_by_label("Brief").fill("A review of a small show of ceramics in a converted bakery.")
    choice = sponsor.get_by_label("Editor").locator("option", has_text="Ada Byrne")
    sponsor.get_by_label("Editor").select_option(value=choice.get_attribute("value"))
    asked = []
    sponsor.on("response", lambda answer: asked.append(answer) if answer.url.endswith("progress.json") else None)
    sponsor.get_by_role("button", name="Create document").click()
    state(sponsor, "editing", timeout=60_000)
    assert asked, "the draft was not watched"
    assert {answer.status for answer in asked} == {200}
    assert len(re.findall(r"\w+", sponsor.locator("[data-role=autodoc]").inner_text())) > 20
    protocol = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
    assert sponsor.evaluate(protocol) == "h2"

    url = sponsor.url
    editor.goto(url)
    text = editor.get_by_role("textbox", name="Text")
    written = editor.locator("textarea[name=body]").input_value()
    text.fill(f"{written}\n\nThe ovens are cold now, and eleven pots stand where loaves once waited.")
    editor.get_by_role("button", name="Save revision").click()
    expect(editor.get_by_text("Saved.").first).to_be_visible()
    deliver(editor)
    state(editor, "signoff")

    sponsor.goto(url)
    expect(sponsor.get_by_text("eleven pots stand").first).to_be_visible()
    sponsor.get_by_role("button", name="Approve").click()
    confirm(sponsor)
    state(sponsor, "approved")

    record = sponsor.evaluate("url => fetch(url).then(answer => answer.json())", url + "/record.json")
    assert [one["kind"] for one in record["revisions"]] == ["brief", "machine", "human"]
    assert {one["origin"] for one in record["spans"]} == {"machine", "human"}


def test_the_desk_is_backed_up(stack):
    """The service makes one at its first start; another one by hand, read with the same programs."""
    stack.execute("backup", "copydesk", "backup")
    age = stack.execute("backup", "copydesk", "backup", "age", "--hours", "1")
    path = re.search(r"(/var/backups/copydesk/copydesk-\S+\.tar) is", age)[1]
    assert "1 documents, 3 people" in stack.execute("backup", "copydesk", "backup", "verify", path)
    kept = stack.work / "stand" / "backups" / path.rpartition("/")[2]
    assert (kept.stat().st_uid, kept.stat().st_mode & 0o777) == (10001, 0o600)


def test_development_people_can_never_exist(stack):
    done = stack.script("inside.sh", "podman", "exec", "copydesk_web_1", "copydesk", "development-people")
    assert done.returncode != 0
    assert "production" in done.stdout


@pytest.mark.parametrize("service", LASTING)
def test_processes_are_confined(stack, service):
    status = stack.execute(service, "cat", "/proc/self/status")
    assert re.search(r"^Uid:\s+[1-9]", status, re.M)
    assert re.search(r"^Cap(Eff|Bnd):\s+0{16}$", status, re.M)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
    assert "Read-only" in stack.execute(service, "sh", "-c", "touch /usr/x 2>&1; true")
    environment = stack.inside("podman", "inspect", "--format", "{{json .Config.Env}}", f"copydesk_{service}_1")
    secrets = [path.read_text().strip() for path in (stack.work / "stand" / "secrets").iterdir()]
    assert not any(secret in environment for secret in secrets if secret)


@pytest.mark.parametrize(
    ("service", "libraries"),
    [
        ("web", ["tensorflow", "keras", "transformers", "xllamacpp", "gguf", "tokenizers", "pip"]),
        ("worker", ["tensorflow", "keras", "xllamacpp", "gguf", "pip"]),
        ("engine", ["tensorflow", "keras", "flask", "sqlalchemy", "psycopg2", "copydesk.web", "pip"]),
    ],
)
def test_images_hold_only_what_they_need(stack, service, libraries):
    found = f"import importlib.util as u; print([n for n in {libraries} if u.find_spec(n)])"
    assert stack.execute(service, "python", "-c", found).strip().endswith("[]")


@pytest.mark.parametrize(
    ("service", "unreachable"),
    [("nginx", "database"), ("nginx", "engine"), ("engine", "database"), ("database", "engine")],
)
def test_networks_keep_apart(stack, service, unreachable):
    found = stack.execute(service, "sh", "-c", f"getent hosts {unreachable} || echo nobody")
    assert found.strip().endswith("nobody")


@pytest.mark.parametrize("service", ["web", "engine", "database"])
def test_there_is_no_way_out(stack, service):
    assert "default" not in stack.execute(
        service, "sh", "-c", 'awk \'$2 == "00000000" {print "default"}\' /proc/net/route'
    )


def test_plain_http_is_sent_to_https(stack):
    answer = stack.fetch("/documents?page=2", plain=True, host_header="evil.test")
    assert answer.status == 301
    assert answer.headers["location"] == "https://desk.test/documents?page=2"


def test_other_names_are_refused(stack):
    assert stack.fetch("/", host="evil.test").status == 0
    assert stack.fetch("/", host_header="evil.test").status == 421


@pytest.mark.parametrize(("version", "status"), [("TLSv1_2", 200), ("TLSv1_3", 200)])
def test_tls_versions(stack, version, status):
    assert stack.fetch("/healthz", tls=version).status == status


def test_the_desk_is_ready(stack):
    answer = stack.fetch("/readyz", headers={"X-Request-ID": "f" * 32})
    assert (answer.status, "does not answer" in answer.body) == (200, False)
    number = answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    assert number != "f" * 32  # what a client says is not believed
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["server"] == "nginx"
    assert f'"request_id": "{number}"' in stack.inside("podman", "logs", "copydesk_web_1")
    assert f'"request_id":"{number}"' in stack.inside("podman", "logs", "copydesk_nginx_1")


def test_static_files_come_from_nginx_compressed_and_for_ever(stack):
    assets = sorted(set(re.findall(r"/static/dist/assets/[^\"' ]+", stack.fetch("/").body)))
    assert assets
    for asset in assets:
        sizes = {}
        for encoding in ("identity", "gzip", "br"):
            answer = stack.fetch(asset, headers={"Accept-Encoding": encoding})
            assert answer.status == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers.get("content-encoding", "identity") == encoding
            sizes[encoding] = int(answer.headers["content-length"])
        assert sizes["br"] < sizes["gzip"] < sizes["identity"]
    assert stack.fetch("/static/../../etc/passwd").status in (400, 404)


def test_pages_are_compressed(stack):
    assert stack.fetch("/", headers={"Accept-Encoding": "gzip, br"}).headers["content-encoding"] == "gzip"


def test_what_is_too_large_is_refused_in_words(stack):
    answer = stack.fetch("/login", method="POST", bytes=5_000_000)
    assert answer.status == 413
    assert "That is too large" in answer.body
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_the_client_cannot_say_where_it_comes_from(stack):
    stack.fetch("/login", headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "evil.test"})
    answer = stack.fetch("/documents", headers={"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "http"})
    assert answer.status == 302
    assert "evil" not in answer.headers["location"]
    assert "203.0.113.7" not in stack.inside("podman", "logs", "copydesk_web_1")


def test_web_gone_and_back(stack):
    """nginx says so calmly, and finds web again, also where it has another address afterwards."""
    stack.inside("podman", "stop", "--time", "25", "copydesk_web_1")
    answer = stack.fetch("/documents")
    assert answer.status in (502, 504)
    assert "The desk is not answering" in answer.body
    assert answer.headers["retry-after"] == "10"
    assert stack.fetch("/errors/page.css").status == 200
    stack.inside("podman", "start", "copydesk_web_1")
    end = time.monotonic() + 60
    while stack.fetch("/healthz").status != 200:
        assert time.monotonic() < end, "nginx did not find web again"
        time.sleep(1)


def test_too_many_log_ins_are_slowed_down(stack):
    """Last, for it leaves this address slowed down for a while."""

    def log_in(_):
        return stack.fetch("/login", method="POST", body="email=a&password=b")

    assert log_in(0).status == 400  # without a token the application refuses
    with ThreadPoolExecutor(8) as at_once:  # one after the other they may be slow enough to be let in
        answers = list(at_once.map(log_in, range(60)))
    slowed = [answer for answer in answers if answer.status == 429]
    assert slowed
    assert "That was too much at once" in slowed[0].body
    assert stack.fetch("/login").status == 200
