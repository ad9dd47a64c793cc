"""Markdown as readers see it. No HTML of the author's gets through, and what comes out is cleaned once more.

Pictures are shown by their words: nothing is ever fetched for a text.
"""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from copydesk.documents.hidden import visible_in_code

TAGS = {"p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "a"}
TAGS |= {"em", "strong", "s", "del", "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
LINK_REL = "noopener noreferrer nofollow"
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def tokens(text: str) -> list[Token]:
    """What the text is made of; its headings begin at the second level, because the title is the first."""
    found = _parser.parse(text)
    headings = [token for token in found if token.type in ("heading_open", "heading_close")]
    if any(token.tag == "h1" for token in headings):
        for token in headings:
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    for token in found:
        token.children = [_in_words(one) for one in token.children] if token.children else token.children
    return found


def render(text: str) -> Markup:
    """HTML for the inside of an article."""
    html = to_html(tokens(text))
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=LINK_REL)
    return Markup(visible_in_code(clean))  # noqa: S704  # nosec B704  # cleaned in the line above


def to_html(found: list[Token]) -> str:
    """As the parser writes it, not cleaned yet."""
    return str(_parser.renderer.render(found, _parser.options, {}))


def _in_words(token: Token) -> Token:
    """A picture as the words that stand for it."""
    return Token("text", "", 0, content=token.content) if token.type == "image" else token
