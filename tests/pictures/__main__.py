"""Every picture in turn, or those that are named: a real page each, in a state that was reached by real keys."""

import re
import sys
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser import entering as entrance
from tests.browser.writing import opened, save, write
from tests.pictures.stock import stock
from tests.pictures.studio import DOCS, HELP, Studio, shoot, studio

TITLE = "Ceramics at the bakery"
BRIEF = (
    "A review of a small show of ceramics in a converted bakery. Eleven pots by Ines Marr, salt-glazed, open until"
    " 14 March. Must mention the ovens."
)
GIVEN = "Eleven pots by Ines Marr"  # the sponsor's own first words for the draft
DRAFT = (
    " stand on the lip of the ovens. There is something in the manner of these vessels which recalls the hour before"
    " the town is awake. They are not large, nor do they ask to be admired; they stand as neighbours stand, close"
    " enough to talk. The glaze has the grey of a sea that has not made up its mind. It was in 1911 that Nadia Petrov"
    " fired the first of them here."
)
OTHER_DRAFT = (
    "The visitor who comes in from the rain is met by a warmth that has no fire in it. The largest of them is no taller"
    " than a milk jug. It was said of the potter that she threw only in the mornings, and the light of the morning is"
    " in them still: thin, level and a little cold, as of bread before it is put in."
)
OPENING = (
    "The old bakery on Quay Street still smells faintly of flour. Eleven pots by Ines Marr stand on the cold lip of the"
    " ovens. There is something in the manner of these vessels which recalls the hour before the town is awake."
)
PASSAGE = "They are not large, nor do they ask to be admired; they stand as neighbours stand, close enough to talk."
GLAZE = (
    "The glaze has the grey of a sea that has not made up its mind, and where the salt caught it, a sudden orange, like"
    " a lamp behind a curtain."
)
CLAIM = "It was in 1911 that Nadia Petrov fired the first of them here."
LAST = "What remains is patience"
FIRST_TEXT = f"{CLAIM}\n\n{OPENING.replace('faintly ', '')}\n\n{PASSAGE} {GLAZE.replace('a sudden', 'an')}\n\n{LAST}"
TEXT = f"{OPENING}\n\n{PASSAGE} {GLAZE}\n\n{CLAIM}\n\n{LAST}"
CANDIDATES = (
    "They keep their voices down, and it is the visitor who grows quiet.",
    "Small things, and stubborn; they will not be hurried into beauty.",
    "None is taller than a milk jug, and none of them seems to mind.",
)
GHOST = ": the longer one looks, the less the room seems to have changed its trade."


def commission(here: Studio, title: str, drafts: str = "") -> str:
    """A new document with its draft; its address."""
    sponsor = here.person("test@test.com", 1440, 900)
    sponsor.goto("/documents/new")
    sponsor.get_by_label("Title").fill(title)
    sponsor.get_by_label("Brief").fill(BRIEF)
    if drafts:
        sponsor.get_by_role("radio", name=drafts).check()
    else:
        sponsor.get_by_text("Expert", exact=True).click()
        sponsor.get_by_label("prefix", exact=True).fill(GIVEN)
    sponsor.get_by_role("button", name="Create document").click()
    sponsor.wait_for_url("**/documents/*-*")
    state = "choosing" if drafts else "unassigned"
    expect(sponsor.locator(f"[data-state={state}]").first).to_be_visible(timeout=120_000)
    if drafts:
        sponsor.reload()
        sponsor.screenshot(path=DOCS / "choosing.png", full_page=True)
    url = sponsor.url
    sponsor.context.close()
    return url


def revise(page: Page, url: str) -> None:
    """Half the machine's, half a person's; first with one paragraph at another place."""
    page.goto(url)
    page.get_by_role("button", name="Take this text").click()
    for text in (FIRST_TEXT, TEXT):
        before = page.locator("form[data-base]").get_attribute("data-base") or ""
        write(page, text)
        save(page)
        expect(page.locator("form[data-base]")).not_to_have_attribute("data-base", before)


def at_the_text(page: Page, url: str) -> None:
    page.goto(url)
    opened(page)
    expect(page.locator(".cm-content .m").first).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => true)")


def sheet(page: Page) -> Locator:
    return page.locator(".sheet-col")


def line(page: Page, words: str) -> Locator:
    return page.locator(".cm-line", has_text=words)


def select(page: Page, words: str) -> None:
    opened(page).focus()
    page.keyboard.press("Control+Home")
    for _ in range(TEXT.index(words)):
        page.keyboard.press("ArrowRight")
    for _ in words:
        page.keyboard.press("Shift+ArrowRight")


def words(here: Studio, page: Page, url: str) -> None:
    at_the_text(page, url)
    shoot(page, "words", sheet(page))


def looking(here: Studio, page: Page, url: str) -> None:
    at_the_text(page, url)
    opened(page).focus()
    page.keyboard.press("Control+Home")
    for _ in range(20):
        page.keyboard.press("F8")
        expect(page.locator("[data-looking-said]")).to_contain_text(" of ")
        if page.evaluate("getSelection().toString()") == "1911":
            break
    expect(page.locator(".looking-tip")).to_contain_text("not in the brief")
    shoot(page, "looking", line(page, OPENING[:20]), line(page, CLAIM[:20]))
    page.get_by_role("button", name="Where to look first").click()


def going_on(here: Studio, page: Page, url: str) -> None:
    here.machine.will_say(GHOST)
    at_the_text(page, url)
    opened(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Space")
    expect(page.locator("[data-ghost-said]")).to_contain_text("Tab takes these words")
    shoot(page, "going-on", line(page, CLAIM[:20]), line(page, LAST))
    page.keyboard.press("Escape")


def candidates(page: Page, here: Studio, url: str) -> None:
    here.machine.will_say(*CANDIDATES)
    at_the_text(page, url)
    select(page, PASSAGE)
    page.keyboard.press("Control+j")
    expect(page.get_by_role("button", name=re.compile("^Use this")).first).to_be_focused()
    page.wait_for_timeout(600)


def passage(here: Studio, page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1240, "height": 900})
    candidates(page, here, url)
    shoot(page, "passage", line(page, GLAZE[:20]), page.locator("[data-candidates]"))
    page.keyboard.press("Escape")


def comparing(here: Studio, page: Page, url: str) -> None:
    page.goto(f"{url}/compare?from=3&to=4")
    page.keyboard.press("n")
    shoot(page, "comparing", page.locator("[data-compare]"))


def record(here: Studio, page: Page, url: str) -> None:
    page.goto(f"{url}/record")
    shoot(page, "record", page.locator(".page-head"), page.locator(".record-main > *").first, within=900)


def suggestion(here: Studio, page: Page, url: str) -> None:
    sponsor = here.person("test@test.com", 1200, 900)
    sponsor.goto(f"{url}/suggest")
    text = TEXT.replace("in 1911 that", "in 2011 that").replace("sudden orange", "bright orange")
    sponsor.get_by_role("textbox", name="Text").fill(text)
    sponsor.get_by_label("Why").fill("She told me herself.")
    sponsor.get_by_role("button", name="Suggest these changes").click()
    expect(sponsor.locator("[data-suggestion]")).to_have_count(2)
    sponsor.context.close()
    page.set_viewport_size({"width": 1240, "height": 900})
    at_the_text(page, url)
    opened(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[data-suggestions-said]")).to_contain_text("1 of 2")
    shoot(page, "suggestion", line(page, GLAZE[:20]), line(page, CLAIM[:8]), page.locator("[data-suggestions]"))


def conflict(here: Studio, page: Page, url: str) -> None:
    other = page.context.new_page()
    for one in (page, other):
        at_the_text(one, url)
    write(other, TEXT.replace("cold lip", "warm lip"))
    save(other)
    write(page, TEXT.replace("cold lip", "stone lip"))
    page.keyboard.press("Control+s")
    expect(page.locator("[data-role=conflict]")).to_be_visible()
    shoot(page, "conflict", page.locator(".page-head"), page.locator("fieldset.piece"))


def desk_of_the_readme(here: Studio, page: Page, url: str) -> None:
    wide = here.person("editor@test.com", 1440, 900)
    candidates(wide, here, url)
    wide.evaluate("scrollTo(0, 0)")
    wide.screenshot(path=DOCS / "document.png")
    wide.keyboard.press("Escape")
    wide.context.close()


def published(here: Studio, page: Page, url: str) -> None:
    sponsor = here.person("test@test.com", 720, 1000)
    sponsor.goto(here.busy["Letters from the printers"])
    sponsor.goto(sponsor.locator("a[href*='/read/']").first.get_attribute("href") or "")
    shoot(sponsor, "published", sponsor.locator("article").first, within=700)
    sponsor.context.close()


def today(here: Studio, page: Page, url: str) -> None:
    sponsor = here.person("test@test.com", 900, 1000)
    shoot(sponsor, "today", sponsor.locator(".page-head"), sponsor.locator(".waits").nth(1), within=620)
    sponsor.context.close()


def changes(here: Studio, page: Page, url: str) -> None:
    sponsor = here.person("test@test.com", 820, 1000)
    sponsor.goto(f"{here.busy['Harbour walk, audio guide']}/sign-off")
    shoot(sponsor, "changes", sponsor.locator("[data-compare]"), within=560)
    sponsor.context.close()


def choosing(here: Studio, page: Page, url: str) -> None:
    sponsor = here.person("test@test.com", 900, 1000)
    sponsor.goto(here.busy["Choosing between two"])
    shoot(sponsor, "choosing", sponsor.locator("[data-choosing]"), within=620)
    sponsor.context.close()


def routing(here: Studio, page: Page, url: str) -> None:
    admin = here.person("admin@test.com", 1000, 1000)
    admin.goto("/admin/routing")
    shoot(admin, "routing", admin.locator(".house"), within=620)
    admin.context.close()


def finding(here: Studio, page: Page, url: str) -> None:
    admin = here.person("admin@test.com", 1000, 1000)
    admin.goto("/documents")
    for number in (0, 1):
        admin.locator("table.list input[type=checkbox]").nth(number + 1).check()
    shoot(admin, "finding", admin.locator(".page-head"), admin.locator("table.list"), within=640)
    admin.context.close()


def disclosure(here: Studio, page: Page, url: str) -> None:
    admin = here.person("admin@test.com", 1000, 1000)
    admin.goto("/admin/disclosure")
    shoot(admin, "disclosure", admin.locator(".page-head"), admin.locator("table.list").first, within=560)
    admin.context.close()


def entering(here: Studio, page: Page, url: str) -> None:
    """Asking for access, the second step, where one is logged in, and what the admin sees of it."""
    guest = here.browser.new_page(base_url=here.desk.url, viewport={"width": 1000, "height": 700})
    for name, organization in (("Ruth Okafor", "Harbour Gallery"), ("Ines Marr", "Marr Ceramics")):
        guest.goto("/signup/sponsor")
        for label, words in (("Name", name), ("Organization", organization), ("Password", entrance.PASSWORD)):
            guest.get_by_label(label).fill(words)
        guest.get_by_label("Email").fill(f"{name.split()[0].lower()}@example.org")
        guest.get_by_role("button", name="Request access").click()
    guest.close()
    page.set_viewport_size({"width": 1000, "height": 700})
    page.goto("/settings/account/app")
    page.screenshot(path=DOCS / "second-step.png", clip={"x": 0, "y": 0, "width": 1000, "height": 560})
    entrance.set_up_app(page)
    page.goto("/settings/account")
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("#second-step").bounding_box() or {}
    under = page.locator("#sessions").bounding_box() or {}
    height = under["y"] + under["height"] - box["y"] + 48
    clip = {"x": box["x"] - 24, "y": box["y"] - 24, "width": box["width"] + 48, "height": height}
    page.screenshot(path=DOCS / "account.png", clip=clip, full_page=True)
    admin = here.person("admin@test.com", 1000, 700)
    admin.goto("/admin/signups")
    admin.screenshot(path=DOCS / "sign-ups.png")
    admin.goto("/admin/log")
    admin.screenshot(path=DOCS / "log.png")
    admin.context.close()


SCENES: tuple[Callable[[Studio, Page, str], None], ...] = (
    words,
    looking,
    going_on,
    passage,
    desk_of_the_readme,
    comparing,
    record,
    suggestion,
    conflict,
    today,
    choosing,
    changes,
    published,
    routing,
    finding,
    disclosure,
    entering,
)


def main() -> None:
    HELP.mkdir(exist_ok=True)
    with studio() as here:
        here.machine.will_say(GIVEN + DRAFT, OTHER_DRAFT)
        two = commission(here, "Choosing between two", "Two")
        here.machine.will_say(DRAFT)
        url = commission(here, TITLE)
        editor = here.person("editor@test.com", 1440, 900)
        revise(editor, url)
        editor.context.close()
        here.busy = stock(here.desk) | {"Choosing between two": two}
        for scene in [one for one in SCENES if not sys.argv[1:] or one.__name__ in sys.argv[1:]]:
            page = here.person("editor@test.com", 720, 1000)
            scene(here, page, url)
            page.context.close()


main()
