"""HTML: one file that needs no other, and that no browser fetches anything for."""

import json
from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup, escape

from copydesk.documents import markdown
from copydesk.documents.exporting import blocks
from copydesk.documents.exporting.blocks import Block, Runs
from copydesk.documents.exporting.manuscript import Manuscript, Notice

_STYLE = Path(__file__).with_name("page.css").read_text()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_PAGE = Markup(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
{meta}
<style>{style}</style>
<script type="application/ld+json">{structured}</script>
</head>
<body>
<main>
<article>
<header>
<h1 dir="auto">{title}</h1>
{byline}
{notices}
</header>
<div class="text">
{body}</div>
<footer>
<h2>How this text was made</h2>
<dl>
{made}
</dl>
{appendix}
</footer>
</article>
</main>
</body>
</html>
"""
)


def write(one: Manuscript) -> bytes:
    page = _PAGE.format(
        policy=_POLICY,
        title=one.title,
        meta=_meta(one),
        style=Markup(_STYLE),  # noqa: S704  # nosec B704  # our own file
        structured=as_data(one.structured),
        byline=_line('<p class="byline">{}</p>', one.byline) if one.byline else "",
        notices=_joined(_notice(notice) for notice in one.notices),
        body=markdown.render(one.text),
        made=_joined(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in one.made),
        appendix=_joined(_block(block) for block in one.appendix),
    )
    return page.encode()


def fragment(notices: Iterable[Notice], text: str) -> Markup:
    """A text for the inside of somebody else's page, under what its readers have to be told."""
    return _joined([*(_notice(notice) for notice in notices), markdown.render(text)])


def as_data(value: object) -> Markup:
    """JSON for a script element, as Flask's own tojson: no sign that could end the element."""
    words = json.dumps(value, ensure_ascii=False)
    for sign in "<>&":
        words = words.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(words)  # noqa: S704  # nosec B704  # escaped in the lines above


def _meta(one: Manuscript) -> Markup:
    named = [("author", name) for name in one.authors]
    named += [("publisher", one.publisher), ("digitalSourceType", one.source_type)]
    named += [("dcterms.modified", one.modified.isoformat(timespec="seconds"))]
    if one.published:
        named.append(("dcterms.created", one.published.isoformat(timespec="seconds")))
    lines = [Markup('<meta name="{}" content="{}">').format(*pair) for pair in named if pair[1]]
    if one.address:
        lines.append(_line('<link rel="canonical" href="{}">', one.address))
    return _joined(lines)


def _notice(notice: Notice) -> Markup:
    heading = _line("<b>{}</b> ", notice.heading) if notice.heading else ""
    kind = "note machine-label" if notice.is_label else "note"
    return Markup('<p class="{}" role="note" dir="auto">{}{}</p>').format(kind, heading, notice.words)


def _block(block: Block) -> Markup:
    """The kinds that an appendix is made of."""
    match block:
        case blocks.Heading(level, runs):
            return Markup("<h{0}>{1}</h{0}>").format(level, _words(runs))
        case blocks.Table(head, rows):
            top = _joined(_line('<th scope="col">{}</th>', _words(cell)) for cell in head)
            lines = (_line("<tr>{}</tr>", _joined(_line("<td>{}</td>", _words(cell)) for cell in row)) for row in rows)
            return Markup('<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(
                top, _joined(lines)
            )
        case blocks.Paragraph(runs):
            return _line("<p>{}</p>", _words(runs))
    raise TypeError(block)


def _words(runs: Runs) -> Markup:
    return escape(blocks.plain(runs))


def _line(form: str, words: str) -> Markup:
    return Markup(form).format(words)  # noqa: S704  # nosec B704  # a form of ours; what it holds is escaped


def _joined(lines: Iterable[Markup]) -> Markup:
    return Markup("\n").join(lines)
