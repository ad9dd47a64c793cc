"""Somebody without a mouse: goes by Tab to what has a name, and notices when the focus can't be seen or is gone."""

import re

STEPS = 160  # more stops than any page has

# What has the focus, and whether somebody who looks at the page can tell.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const ringed = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1.5;
  };
  const sheet = one.closest(".writer") && one.closest(".sheet"); // shows it for the text that stands on it
  const box = one.getBoundingClientRect();
  const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
  const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
  const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return {
    what: `${one.tagName.toLowerCase()} “${(one.getAttribute("aria-label") ?? one.innerText).trim().slice(0, 60)}”`,
    ring: ringed(one) || (sheet !== null && getComputedStyle(sheet).boxShadow.includes("1.5px")),
    seen: right - left > 0 && bottom - top > 0,
    covered: hit !== null && !one.contains(hit) && !hit.contains(one) ? hit.outerHTML.slice(0, 160) : "",
  };
}"""


class Keyboard:
    """The keys of one page, and nothing else."""

    def __init__(self, page):
        self.page = page
        self.visited = []

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, words):
        self.page.keyboard.type(words)

    def focus(self):
        """What has the focus, in words; fails where nobody could tell, or where it is lost."""
        for _ in range(100):  # the page may still be drawing it, and a machine that does other things is slow
            found = self.page.evaluate(FOCUSED)
            if found and found["ring"] and found["seen"] and not found["covered"]:
                return found["what"]
            self.page.wait_for_timeout(50)
        assert found is not None, f"the focus is lost on {self.page.url} after {self.visited[-3:]}"
        assert found["ring"], f"no ring around {found['what']} on {self.page.url}"
        assert found["seen"], f"{found['what']} has the focus, but is out of sight on {self.page.url}"
        raise AssertionError(f"{found['what']} has the focus, but {found['covered']} covers it on {self.page.url}")

    def at(self, role, name):
        """Does the element of this role and accessible name have the focus?"""
        if role == "summary":  # of <details>: no role that everybody agrees on
            wanted = self.page.locator("summary").filter(has_text=name)
        else:
            wanted = self.page.get_by_role(role, name=name, exact=not isinstance(name, re.Pattern))
        return wanted.evaluate_all("all => all.includes(document.activeElement)")

    def tab_to(self, role, name, key="Tab"):
        """Tab until it has the focus; every stop on the way must be seen. Once around the page is allowed."""
        ends = 0
        for _ in range(STEPS):
            self.press(key)
            if self.page.evaluate("document.activeElement === document.body"):
                ends += 1
                assert ends < 3, f"{role} {name} can’t be reached by {key} on {self.page.url}: {self.visited[-40:]}"
                continue
            self.visited.append(self.focus())
            if self.at(role, name):
                return
        raise AssertionError(f"{role} {name} was not among {STEPS} stops on {self.page.url}")

    def back_to(self, role, name):
        self.tab_to(role, name, "Shift+Tab")

    def arrow_to(self, role, name, key="ArrowRight"):
        """Within a row of buttons, which Tab enters once."""
        for _ in range(30):
            if self.at(role, name):
                return
            self.press(key)
            self.focus()
        raise AssertionError(f"{role} {name} is not in this row")

    def use(self, role, name):
        """Goes there, and presses it."""
        self.tab_to(role, name)
        self.press("Enter")

    def follow(self, role, name):
        """The same where it leads to another page, which begins anew."""
        self.tab_to(role, name)
        with self.page.expect_navigation():
            self.press("Enter")

    def fill(self, name, words):
        self.tab_to("textbox", name)
        self.type(words)
