"""What is shown as a command pastes as what is seen: plain, nothing hidden in it, no line end that would run it."""

import re

import pytest
from lxml import html

from copydesk.documents import markdown, marked_reading
from copydesk.documents.hidden import HIDDEN, visible
from tests.desk import ROOT

TEMPLATES = ROOT / "services/web/copydesk/web/templates"
READ_BY_PEOPLE = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("services/**/models/**/*.md"),
    *TEMPLATES.rglob("*.html"),
    ROOT / "Makefile",
    ROOT / ".env.prod.example",
    ROOT / "docker-compose.yml",
    ROOT / "docker-compose.prod.yml",
]
CODE = re.compile(r"<(code|pre|kbd)\b([^>]*)>(.*?)</\1>", re.DOTALL)
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
UNSEEN = re.compile(r"(?<!aria-)hidden|sr-only|display|opacity|font-size|color", re.IGNORECASE)
LOOK_ALIKE = str.maketrans(
    dict.fromkeys("\u00a0\u2010\u2011\u2212", "?")
)  # spaces and dashes that a shell takes for none
TRICKS = ("ls \u202e# ;hs|live/lruc", "ls\u200b -l", "a\u2066b", "echo \x1b[8mhidden", "git\u00adhub", "tag\U000e0041")


@pytest.mark.parametrize("path", READ_BY_PEOPLE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_hidden_in_what_people_read(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    found = [(number, ascii(line)) for number, line in enumerate(lines, 1) if HIDDEN.search(line)]
    assert found == []


def test_commands_in_the_docs_are_plain():
    shown = 0
    for path in (one for one in READ_BY_PEOPLE if one.suffix == ".md"):
        for block in FENCE.findall(path.read_text(encoding="utf-8")):
            lines = [
                line
                for line in block.splitlines()
                if re.match(r"(make|\.venv/bin/|docker |desk |copydesk |git )", line)
            ]
            for line in lines:
                shown += 1
                assert line.translate(LOOK_ALIKE) == line, (path.name, ascii(line))
                assert not re.search(r"(curl|wget)[^|]*\|\s*(sudo\s+)?(ba|z)?sh", line), (path.name, line)
    assert shown > 20


def test_no_code_of_a_page_hides_a_part_of_itself():
    shown = 0
    for path in TEMPLATES.rglob("*.html"):
        for _, attributes, inner in CODE.findall(path.read_text(encoding="utf-8")):
            shown += 1
            assert not UNSEEN.search(attributes), (path.name, attributes)
            assert not re.search(r"<(?!/?(span class=\"(m|b|machine|brief)\"))[a-z]", inner), (path.name, inner)
    assert shown > 20


def test_no_command_of_a_page_ends_with_a_line_end():
    commands = 0
    for path in TEMPLATES.rglob("*.html"):
        for _, attributes, inner in CODE.findall(path.read_text(encoding="utf-8")):
            if "command" in attributes:
                commands += 1
                assert inner == inner.strip(), (path.name, inner)
                assert "\n" not in inner, (path.name, inner)
    assert commands >= 4


@pytest.mark.parametrize("trick", TRICKS, ids=ascii)
@pytest.mark.parametrize("form", ["`{}`", "```\n{}\n```", "    {}"])
def test_what_people_write_as_code_shows_what_it_holds(trick, form):
    text = form.format(trick)
    for rendered in (markdown.render(text), marked_reading.render([{"text": text, "origin": "human"}])):
        code = html.fragment_fromstring(str(rendered), "div").find(".//code").text_content()
        assert not HIDDEN.search(code.strip("\n"))
        assert "⟨U+" in code


def test_prose_keeps_its_marks():
    word = "نمی\u200cخواهم"  # Persian is written with them
    assert word in str(markdown.render(word))
    assert visible("plain words, çé 🔥\n\tand a tab") == "plain words, çé 🔥\n\tand a tab"
