"""Rules of the house that reviews kept saying and no linter of others knows. Ruff holds the rest (pyproject.toml)."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import ROOT

PACKAGE = ROOT / "services/web/copydesk"
TEMPLATES = PACKAGE / "web/templates"
FRONT_END = ROOT / "services/web/frontend/src"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Where words become HTML without being escaped, and why they may.
MARKUP_IN = {
    "documents/markdown.py",  # cleaned by nh3
    "documents/marked_reading.py",  # cleaned by nh3
    "documents/exporting/as_html.py",  # forms of ours, filled in by `Markup.format`
    "web/clock.py",  # a form of ours, filled in by `Markup.format`
    "web/accounts/two_steps.py",  # squares that we draw
}
# SQL with something in it that is no parameter: names and numbers of ours, where no parameter can stand.
SQL_OF_PARTS = {
    ("worker/postman.py", "SET LOCAL idle_in_transaction_session_timeout"),
    ("local/postgres.py", 'CREATE DATABASE "'),
    ("web/migrating.py", 'DROP INDEX CONCURRENTLY "'),
}
# HTML that the server has sent and a page takes in: it was escaped there.
HTML_TAKEN_IN = {"editor/suggestions.ts", "editor/reading.ts", "comments.ts"}
ADDRESS_IS_SECRET = {"sign_by_link.html", "unsubscribe.html"}  # these forms carry no token beside it
NOTED_BY_LOOKING = {
    # Who took something along
    ("web/accounts/personal.py", "data"),
    ("web/audit_log.py", "as_csv"),
    ("web/disclosure.py", "as_csv"),
    ("web/documents/reading_matter.py", "attachment"),
    ("web/figures.py", "as_csv"),
    ("web/records.py", "record"),
    ("web/documents/pages.py", "show"),  # up to where this person has seen the text
    ("web/documents/record.py", "record"),  # who took the record along
    ("web/documents/record.py", "record_to_read"),
    ("web/notifications.py", "follow"),  # it was read
}
CALLS_THAT_WAIT = {"get", "post", "put", "patch", "delete", "head", "request", "stream", "Client", "AsyncClient"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in MODULES:
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with what is called, dotted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_ruff_holds_what_it_can():
    """Zones, secrets by chance, shells, pickles, time-outs of requests: rules of ruff that must stay switched on."""
    lint = tomllib.loads((ROOT / "services/web/pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert {"S", "DTZ", "B", "PTH", "T20", "C90", "RUF"} <= set(lint["select"])
    assert not {one for one in lint["ignore"] if one.startswith(("S", "DTZ"))} - {"S101"}


def test_markup_is_made_in_few_places():
    found = {name for name, tree in trees() for called, _ in calls(tree) if called.rpartition(".")[2] == "Markup"}
    assert found == MARKUP_IN


def test_templates_escape_everything():
    for path in TEMPLATES.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|render_template_string", text), path.name


def test_sql_has_parameters():
    """No SQL is put together from values; what is joined from names of ours is listed."""
    found = set()
    for name, tree in trees():
        for called, call in calls(tree):
            if called.rpartition(".")[2] in ("text", "execute", "exec_driver_sql", "scalars") and call.args:
                sql = call.args[0]
                if isinstance(sql, ast.JoinedStr) or (
                    isinstance(sql, ast.BinOp) and isinstance(sql.op, ast.Add | ast.Mod)
                ):
                    said = next((one.value for one in ast.walk(sql) if isinstance(one, ast.Constant)), "")
                    found |= {(name, known) for known in [" ".join(str(said).split()[:3])]}
    wanted = {
        (name, words) for name, words in found if not any(name == n and w.startswith(words) for n, w in SQL_OF_PARTS)
    }
    assert wanted == set()


def test_whoever_asks_another_server_does_not_wait_for_ever():
    found = 0
    for name, tree in trees():
        for called, call in calls(tree):
            room, _, verb = called.rpartition(".")
            if room == "httpx" and verb in CALLS_THAT_WAIT:
                found += 1
                assert "timeout" in {keyword.arg for keyword in call.keywords}, (name, call.lineno)
            assert not called.startswith(("requests.get", "requests.post", "urllib.request.urlopen"))
    assert found >= 2


def test_a_test_runs_its_loop_where_a_browsers_loop_does_not_run():
    found = {path.name for path in (ROOT / "tests").rglob("*.py") if "asyncio.run(" in path.read_text(encoding="utf-8")}
    assert found <= {Path(__file__).name}, "use tests.loops.run_apart"


def test_redirects_are_followed_where_it_is_said():
    """httpx follows none by itself."""
    told = [
        name
        for name, tree in trees()
        for _, call in calls(tree)
        for one in call.keywords
        if one.arg == "follow_redirects"
    ]
    assert told == []


def test_the_first_of_several_is_the_first_in_an_order():
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                source = ast.unparse(node)
                if re.search(r"\.first\(\)(?! is not None)", source):
                    assert "order_by" in source, (name, node.name)


def test_json_is_read_in_one_place():
    """That checks its type, depth and shape."""
    found = {
        name
        for name, tree in trees()
        if name.startswith("web/")
        for called, _ in calls(tree)
        if called in ("request.get_json", "request.get_data")
    }
    found |= {name for name, tree in trees() if name.startswith("web/") and "request.json" in ast.unparse(tree)}
    assert found == {"web/json_bodies.py"}


def test_views_change_nothing_on_a_question():
    """A view that is opened by GET alone commits nothing, but where looking is what is noted."""
    found = set()
    for name, tree in trees():
        if not name.startswith("web/"):
            continue
        for node in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
            routes = [ast.unparse(one) for one in node.decorator_list]
            only_asks = any(".get(" in one for one in routes) and not any(".post(" in one for one in routes)
            if only_asks and "commit()" in ast.unparse(node):
                found.add((name, node.name))
    assert found == NOTED_BY_LOOKING


def test_forms_carry_their_token():
    forms = 0
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
            if 'method="post"' in form and path.name not in ADDRESS_IS_SECRET:
                forms += 1
                assert re.search(r"csrf|hidden_tag|\{% (call|include)|caller\(\)", form), (path.name, form[:200])
    assert forms > 60


def test_templates_have_nothing_inline():
    for path in TEMPLATES.rglob("*.html"):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=\"|javascript:", text), path.name
        for script in re.findall(r"<script\b[^>]*>", text):
            assert "src=" in script or "json" in script, (path.name, script)


def test_the_front_end_puts_no_words_into_html():
    for path in sorted(FRONT_END.rglob("*.ts")):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(FRONT_END).as_posix()
        assert not re.search(r"\b(eval|Function)\(|document\.write|outerHTML\s*=|insertAdjacentHTML", text), name
        if re.search(r"innerHTML\s*=[^=]", text):
            assert name in HTML_TAKEN_IN, name


@pytest.mark.parametrize("path", [one for one in MODULES if "nosec" in one.read_text()], ids=lambda path: path.name)
def test_what_bandit_lets_stand_says_why(path: Path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if "nosec" in line:
            assert re.search(r"# nosec B\d{3}  # \S|# noqa: S608  # nosec B608$", line), line
