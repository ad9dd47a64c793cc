"""Characters that nobody sees and that change what a line is, or how it looks: direction marks, joiners, controls.

In prose they have their uses and stay. In code, which people paste into a terminal, each is shown by its number.
"""

import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CODE = re.compile(r"<code>.*?</code>", re.DOTALL)


def visible(words: str) -> str:
    """The words with each hidden character as its number, like “⟨U+202E⟩”."""
    return HIDDEN.sub(lambda one: f"⟨U+{ord(one[0]):04X}⟩", words)


def visible_in_code(html: str) -> str:
    """Clean HTML, whose code shows what it holds."""
    return _CODE.sub(lambda code: visible(code[0]), html)
