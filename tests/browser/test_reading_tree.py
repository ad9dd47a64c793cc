"""What a screen reader has of the pages: names, roles, states, headings in order, and what is said by itself."""

import itertools
import re
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import written
from tests.browser.test_ghost import ghost
from tests.browser.test_suggestions import TEXT, suggest, two  # noqa: F401  a fixture
from tests.browser.writing import opened, save, select, write
from tests.desk import until
from tests.integration.test_faults import Sponsor

LISTEN = """() => {
  window.heard = [];
  const live = "[role=status], [role=alert], [aria-live]";
  const hear = (node) => {
    const region = (node.nodeType === 1 ? node : node.parentElement)?.closest(live);
    const words = region?.textContent.replace(/\\s+/g, " ").trim();
    if (words && !region.closest("[hidden]") && window.heard.at(-1) !== words) window.heard.push(words);
  };
  new MutationObserver((changes) => changes.forEach(({ target }) => hear(target))).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["hidden"],
  });
}"""


def listen(page):
    """From now on what live regions say is written down."""
    page.evaluate(LISTEN)


def heard(page, words):
    """These words were said; what was said is shown where not."""
    pattern = re.compile(words)
    for _ in range(300):
        said = page.evaluate("window.heard")
        if any(pattern.search(one) for one in said):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{words!r} was not said, but {said}")


def headings(page):
    """One of the first level, and none that skips a level."""
    levels = page.locator("main").evaluate(
        """main => [...main.querySelectorAll("h1, h2, h3, h4")].filter(one => one.checkVisibility())
        .map(one => Number(one.tagName[1]))"""
    )
    assert levels.count(1) == 1, (page.url, levels)
    assert levels[0] == 1, (page.url, levels)
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), (page.url, levels)


@pytest.fixture(scope="module")
def drafted(live):
    """A machine's draft that nobody has taken."""
    with closing(Sponsor(live)) as sponsor:
        path = sponsor.create("Read by ear")
        until(lambda: sponsor.state(path) == "unassigned", "the draft")
    return path


def test_the_editors_page(two):  # noqa: F811  the fixture
    sponsor, editor = two("Tree of the desk")
    suggest(sponsor, TEXT.replace("old", "very old"))
    editor.reload()
    opened(editor)
    headings(editor)
    expect(editor.get_by_role("main")).to_match_aria_snapshot("""
      - main:
        - list "Steps"
        - heading "Tree of the desk" [level=1]
        - textbox "Title": Tree of the desk
        - button "Save revision"
        - button "Deliver to sponsor"
        - heading "Brief" [level=2]
        - group "Brief"
        - heading "Facts" [level=2]
        - heading "What the machine wrote" [level=2]
        - form "The sheet":
          - toolbar "Format":
            - button "Bold"
            - button "Who wrote what" [pressed]
            - button "Where to look first"
          - toolbar "Tools":
            - button "Undo"
            - button "Redo" [disabled]
            - button "Go on"
            - button "Redraft" [disabled]
            - button "Suggesting"
            - button "Tidy up"
          - combobox "How many candidates"
          - toolbar "Page":
            - button "Find and replace"
            - button "Only the sheet"
            - button "All shortcuts"
          - textbox "Text"
          - img /\\d+ % machine, \\d+ % people, \\d+ % brief/
          - status:
            - text: /Version 3, saved/
        - region "Suggestions 1 open":
          - heading "Suggestions 1 open" [level=2]
          - list:
            - listitem:
              - paragraph:
                - text: /added/
                - insertion: very
              - button "Accept suggestion 1"
              - button "Refuse suggestion 1"
        - region "Before you deliver":
          - heading "Before you deliver" [level=2]
          - list:
            - listitem:
              - text: /To do/
              - link "One suggestion is still open"
        - heading "What happened" [level=2]
    """)
    expect(editor.get_by_role("textbox", name="Text")).to_have_accessible_description(re.compile("F9 says who wrote"))


def test_what_is_said_while_somebody_writes(two):  # noqa: F811  the fixture
    _, editor = two("Said aloud")
    listen(editor)
    opened(editor).focus()
    editor.keyboard.press("Control+End")
    editor.keyboard.type(" Come early.")
    save(editor)
    heard(editor, r"^Saved\. This is version 4\.")
    editor.keyboard.press("F9")
    heard(editor, r"^Paragraph 1 of 1: \d+ words? of the machine, \d+ of people\.|^Paragraph 1 of 1: all \d+ words")
    editor.keyboard.press("Control+Space")
    heard(editor, "The machine is writing")
    words = ghost(editor)
    heard(editor, re.escape(words.strip()) + ".*Tab takes these words")
    editor.keyboard.press("Escape")
    heard(editor, "The words are gone")
    select(editor, written(editor), "It smells of flour in the morning.")
    editor.keyboard.press("Control+j")
    use = editor.get_by_role("button", name=re.compile("^Use this: candidate 1"))
    expect(use).to_be_focused(timeout=30_000)
    expect(use).to_have_accessible_description(editor.locator(".candidate-text").first.inner_text().strip())
    expect(editor.get_by_role("region", name="Candidates")).to_match_aria_snapshot("""
      - region "Candidates":
        - heading "Candidates" [level=2]
        - button /Keep it as it is/
        - list:
          - listitem:
            - button /Use this. candidate 1/
    """)
    editor.keyboard.press("Escape")
    editor.keyboard.press("F8")
    heard(editor, r"^\d+ of \d+: “.*”|There is no place that needs a look")
    editor.keyboard.press("Control+Alt+s")
    heard(editor, "^Suggesting: what you type is proposed, not saved")
    editor.keyboard.press("Control+End")
    editor.keyboard.type(" Bring bread.")
    editor.keyboard.press("Control+s")
    heard(editor, "^One change is suggested")
    editor.keyboard.press("Control+Alt+s")
    editor.keyboard.press("Alt+ArrowDown")
    heard(editor, "^1 of 1. You suggest “Bring bread.” here")
    editor.keyboard.press("Alt+Enter")
    heard(editor, "^Accepted. None is left")


def test_a_conflict_is_a_choice_with_names(two):  # noqa: F811  the fixture
    _, editor = two("Conflict by ear")
    other = editor.context.new_page()
    other.goto(editor.url)
    write(other, TEXT.replace("old", "quite new"))
    save(other)
    write(editor, TEXT.replace("old", "rather worn"))
    editor.keyboard.press("Control+s")
    expect(editor.locator("[data-role=conflict]")).to_be_visible(timeout=30_000)
    headings(editor)
    expect(editor.get_by_role("main")).to_match_aria_snapshot("""
      - main:
        - heading "Two versions of the same words" [level=1]
        - paragraph: /Nothing is lost/
        - group /Place 1/:
          - radio /quite new/
          - radio /Yours rather worn/
          - radio "Both, one after the other" [checked]
        - button "Save as version 5"
    """)


def test_whoever_reads_hears_where_the_machines_words_are(log_in, drafted):
    sponsor = log_in()
    sponsor.goto(drafted)
    headings(sponsor)
    expect(sponsor.get_by_role("region", name="The sheet")).to_match_aria_snapshot("""
      - region "The sheet":
        - link "Where to look first"
        - paragraph: /^The machine’s words. \\d+ % of paragraph 1/
        - article
    """)
    sponsor.goto(f"{drafted}/record")
    headings(sponsor)
    expect(sponsor.get_by_role("region", name="Who wrote what")).to_match_aria_snapshot("""
      - region "Who wrote what":
        - heading "Who wrote what" [level=2]
        - paragraph: /^The machine’s words. \\d+ % of paragraph 1/
        - article
        - img /\\d+ % machine/
    """)


def test_no_place_to_look_at_is_marked_without_words(log_in, drafted):
    page = log_in()
    page.goto(f"{drafted}/looking")
    headings(page)
    marks = page.locator("article mark").all_inner_texts()
    assert marks
    assert all("(" in one for one in marks), marks


@pytest.mark.parametrize(
    "page", ["", "/history", "/history/2", "/compare?from=1&to=2", "/looking", "/paragraphs", "/record"]
)
def test_headings_are_in_order(log_in, drafted, page):
    reader = log_in("editor@test.com")
    reader.goto(drafted + page)
    headings(reader)


def test_what_changed_is_said_in_words(two):  # noqa: F811  the fixture
    _, editor = two("Compared by ear")
    path = editor.url
    write(editor, TEXT.replace("old", "quite new"))
    editor.keyboard.press("Control+s")
    expect(editor.locator("form[data-base='4']")).to_be_visible()
    editor.goto(f"{path}/compare?from=3&to=4")
    headings(editor)
    expect(editor.get_by_role("region", name="1 change")).to_match_aria_snapshot("""
      - region "1 change":
        - heading "1 change" [level=2]
        - status
        - button "Previous"
        - button "Next"
        - region "Text":
          - heading "Text" [level=3]
          - deletion: /taken out. old/
          - insertion: /added. quite new/
    """)
    editor.goto(f"{path}/history/4")
    assert "taken out: old; added: quite new; " in (editor.locator(".diff").text_content() or "")


def test_tidying_up_and_figures(two, log_in):  # noqa: F811  the fixture
    _, editor = two("Tidied by ear", "The -- dash.")
    editor.goto(f"{editor.url}/tidy")
    headings(editor)
    expect(editor.get_by_role("main")).to_match_aria_snapshot("""
      - main:
        - heading "Tidy up" [level=1]
        - group "Rules":
          - checkbox /dash one place/ [checked]
        - button "Apply the ticked rules"
        - region "What would change in version 3":
          - heading "What would change in version 3" [level=2]
          - group "What would change in version 3":
            - text: /taken out/
            - deletion: "--"
            - text: /added/
            - insertion: –
    """)
    admin = log_in("admin@test.com", "password")
    admin.goto("/admin/figures")
    headings(admin)
    names = admin.locator("main svg").evaluate_all("all => all.map(one => one.getAttribute('aria-label') ?? '')")
    assert all(names), names
