"""The tables of docs/security.md and docs/asvs.md name modules and tests that there are."""

import ast
import re
from functools import cache

import pytest

from tests.desk import ROOT

SECURITY, ASVS = ROOT / "docs/security.md", ROOT / "docs/asvs.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
MODULE = re.compile(r"`((?!tests/)[\w/.-]+\.(?:py|yml|toml|conf|md|sh|txt|in))`")
FOLDERS = (ROOT, ROOT / "services/web/copydesk", ROOT / "services/web", ROOT / "services/nginx", ROOT / "docs")
THREATS = (
    "forgot to ask", "object, by its number", "XSS", "Markdown", "file's name", "script in a mail", "CSRF", "SQL",
    "path traversal", "uploads: type", "uploads: size", "uploads: decompression", "JSON: content type", "JSON: depth",
    "JSON: size", "JSON: an array", "open redirects", "SSRF", "model servers", "fetching models", "header injection",
    "response headers", "cookies", "session fixation", "clickjacking", "mass assignment", "two admins",
    "terminal paste", "log injection", "secrets in logs", "too much at once",
)  # fmt: skip
VERDICTS = {"met", "not met", "n/a"}


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rows(path) -> list[list[str]]:
    """The lines of the first table, or of all that have the same head."""
    text = path.read_text(encoding="utf-8").partition("\n## How")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in ("threat", "number") and not row[0].startswith("---")]


@pytest.mark.parametrize("path", [SECURITY, ASVS], ids=lambda path: path.name)
def test_what_is_named_is_there(path):
    text = path.read_text(encoding="utf-8")
    for file, function in TEST.findall(text):
        assert (ROOT / file).is_file(), file
        assert not function or function in functions_in(file), f"{file}::{function}"
    for name in MODULE.findall(text):
        assert any((folder / name).is_file() for folder in FOLDERS), name


def test_every_threat_has_what_holds_it_and_a_test():
    table = rows(SECURITY)
    assert all(len(row) == 3 for row in table)
    for row in table:
        assert TEST.search(row[2]), row[0]
        assert "::" in row[2], row[0]
    for threat in THREATS:
        assert any(threat.lower() in row[0].lower() for row in table), threat


def test_every_requirement_has_a_verdict_and_evidence():
    table = rows(ASVS)
    numbers = [row[0] for row in table]
    assert len(numbers) == len(set(numbers)) == 253
    for number, _, verdict, evidence in table:
        assert re.fullmatch(r"\d+\.\d+\.\d+", number), number
        assert verdict in VERDICTS, number
        assert evidence, number


def test_the_count_of_verdicts_is_the_one_that_is_said():
    text = ASVS.read_text(encoding="utf-8")
    for verdict in VERDICTS:
        count = sum(row[2] == verdict for row in rows(ASVS))
        assert re.search(rf"\b{count} {re.escape(verdict)}\b", text), (count, verdict)
