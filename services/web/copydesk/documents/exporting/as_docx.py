"""Word: real styles for headings, lists and tables, so that whoever takes it over can set it anew."""

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph

from copydesk.documents.exporting import blocks, docx_facts
from copydesk.documents.exporting.blocks import Block, Run, Runs
from copydesk.documents.exporting.manuscript import Manuscript, NotExported, Notice

MOST_RUNS = 40_000  # of words that look the same; 20,000 words with a link in every line have 4,000
DEEPEST = 3  # the levels of lists that Word's own styles have
_LINK, _LABEL = RGBColor(0x2B, 0x4C, 0x9B), "EEF1FB"


def write(one: Manuscript) -> bytes:
    """The file.

    Raises:
        NotExported: its looks change too often; every change costs time.
    """
    text = blocks.parse(one.text)
    if blocks.count_runs(text) > MOST_RUNS:
        raise NotExported("This text changes its looks too often for a Word file. Please take another format.")
    word = Document()
    docx_facts.describe(word, one)
    _Writer(word).write(one, text)
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


class _Writer:
    def __init__(self, word: WordDocument) -> None:
        self.word = word
        self._add_styles()
        self.styles: dict[str, Any] = {style.name: style for style in word.styles if style.name}
        self.targets: dict[str, str] = {}  # of links

    def write(self, one: Manuscript, text: Sequence[Block]) -> None:
        self._paragraph(blocks.words(one.title), "Title")
        if one.byline:
            self._paragraph(blocks.words(one.byline), "Subtitle")
        for notice in one.notices:
            self._notice(notice)
        for block in text:
            self._block(block)
        self._paragraph(blocks.words("How this text was made"), "Heading 1")
        for term, words in one.made:
            self._paragraph((Run(f"{term}: ", strong=True), Run(words)), "Normal")
        for block in one.appendix:
            self._block(block)

    def _add_styles(self) -> None:
        code = self.word.styles.add_style("Code", WD_STYLE_TYPE.PARAGRAPH)
        code.font.name, code.font.size = "Courier New", Pt(9.5)
        for name in ("Notice", "Machine label"):
            notice = self.word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            notice.paragraph_format.space_after = Pt(8)
            properties = notice.element.get_or_add_pPr()
            properties.append(_frame())
            shade = OxmlElement("w:shd")
            shade.set(qn("w:val"), "clear")
            shade.set(qn("w:fill"), _LABEL if name == "Machine label" else "F5F2EC")
            properties.append(shade)

    def _notice(self, notice: Notice) -> None:
        heading = (Run(f"{notice.heading} ", strong=True),) if notice.heading else ()
        self._paragraph((*heading, Run(notice.words)), "Machine label" if notice.is_label else "Notice")

    def _block(self, block: Block, *, style: str = "Normal", depth: int = 0) -> None:
        match block:
            case blocks.Heading(level, runs):
                self._paragraph(runs, f"Heading {min(level - 1, 9)}")
            case blocks.Paragraph(runs):
                self._paragraph(runs, style)
            case blocks.Quote(inner):
                for one in inner:
                    self._block(one, style="Quote", depth=depth)
            case blocks.Items():
                self._items(block, depth)
            case blocks.Code(text):
                self._paragraph((Run(text),), "Code")
            case blocks.Table(head, rows):
                self._table(head, rows)
            case blocks.Rule():
                self._rule()

    def _items(self, block: blocks.Items, depth: int) -> None:
        level = min(depth + 1, DEEPEST)
        name = ("List Bullet" if block.start is None else "List Number") + (f" {level}" if level > 1 else "")
        number = None if block.start is None else self._numbering(name, block.start)
        for item in block.items:
            for position, one in enumerate(item):
                if position or not isinstance(one, blocks.Paragraph):
                    self._block(one, style="List Continue" + (f" {level}" if level > 1 else ""), depth=depth + 1)
                    continue
                paragraph = self._paragraph(one.runs, name)
                if number is not None:
                    paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = number

    def _numbering(self, style: str, start: int) -> int:
        """A list of its own: Word would go on counting where the list before ended."""
        known = self.word.part.numbering_part.element
        of_style = self.styles[style].element.pPr.numPr.numId.val
        abstract = known.num_having_numId(of_style).abstractNumId.val
        new = known.add_num(abstract)
        new.add_lvlOverride(ilvl=0).add_startOverride(max(0, start))
        return int(new.numId)

    def _table(self, head: tuple[Runs, ...], rows: tuple[tuple[Runs, ...], ...]) -> None:
        table = self.word.add_table(rows=0, cols=len(head), style=self.styles["Table Grid"])
        for number, row in enumerate((head, *rows)):
            added = table.add_row()
            for cell, runs in zip(added.cells, row, strict=False):
                self._fill(cell.paragraphs[0], tuple(Run(r.text, strong=True) for r in runs) if number == 0 else runs)
            if number == 0:
                properties = added._tr.get_or_add_trPr()
                properties.append(OxmlElement("w:tblHeader"))  # repeated on every page, and told to screen readers
        self.word.add_paragraph()

    def _rule(self) -> None:
        paragraph = self.word.add_paragraph()
        paragraph._p.get_or_add_pPr().append(_frame(("bottom",)))

    def _paragraph(self, runs: Runs, style: str) -> WordParagraph:
        paragraph = self.word.add_paragraph()
        if style != "Normal":
            paragraph._p.style = self.styles[style].style_id  # python-docx's own setter reads every style each time
        self._fill(paragraph, runs)
        return paragraph

    def _fill(self, paragraph: WordParagraph, runs: Runs) -> None:
        rtl = blocks.is_rtl(blocks.plain(runs))
        if rtl:
            paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        for run in runs:
            self._run(paragraph, run, rtl)

    def _run(self, paragraph: WordParagraph, run: Run, rtl: bool) -> None:
        made = paragraph.add_run(run.text)
        looks = {"bold": run.strong, "italic": run.em, "strike": run.strike, "rtl": rtl, "underline": bool(run.href)}
        for name, wanted in looks.items():
            if wanted:
                setattr(made.font, name, True)
        if run.code:
            made.font.name = "Courier New"
        if run.href:
            made.font.color.rgb = _LINK
            link = OxmlElement("w:hyperlink")
            link.set(qn("r:id"), self._target(run.href))
            paragraph._p.append(link)
            link.append(made._r)

    def _target(self, href: str) -> str:
        if href not in self.targets:
            self.targets[href] = self.word.part.relate_to(href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        return self.targets[href]


def _frame(sides: tuple[str, ...] = ("top", "left", "bottom", "right")) -> Any:
    frame = OxmlElement("w:pBdr")
    for side in sides:
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "6"), ("color", "B9B2A4")):
            line.set(qn(f"w:{name}"), value)
        frame.append(line)
    return frame
