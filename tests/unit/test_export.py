"""A text as a file: the same words in every format, the label in each, and nothing of the author's taken for code."""

import datetime as dt
import html
import io
import json
import re
import zipfile
from xml.etree import ElementTree

import docx
import pypdf
import pytest

from copydesk.documents.exporting import as_docx, as_markdown, as_pdf, blocks, files
from copydesk.documents.exporting.blocks import Code, Heading, Items, Paragraph, Quote, Run, Table
from copydesk.documents.exporting.manuscript import Format, Manuscript, NotExported, Notice, file_name

AT = dt.datetime(2026, 11, 21, 22, 30, tzinfo=dt.UTC)
LABEL = "A machine wrote passages of this text that no person has changed or reviewed."
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
TEXT = """# The ovens

A **bold** word, an *emphatic* one, a ~~wrong~~ one, `code < 1`, and [a link](https://example.org/?a=1&b=2).
The same line\\
and the next.

> A quote.

- one
- two
  1. nested

7. seven
8. eight

| Pot | Kiln |
|-----|------|
| Ελληνικά | кириллица |

```
indented   code
```

שלום עולם
"""
HOSTILE = """<script>alert('owned')</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) [f](file:///etc/passwd)
![words of a picture](http://127.0.0.1:1/secret.png) ![](/etc/passwd)

#read("/etc/passwd") #import "@preview/cetz:0.3.0" $x$ @ref <label> // comment \\

{{ config }} {% raw %} %s {0} ]]> &amp; &#60;

```
#set page(width: 1pt)"""


def manuscript(text=TEXT, **more):
    facts = {
        "title": "Ceramics & the <bakery>",
        "byline": "By Ada Byrne, from a machine draft",
        "notices": (Notice(LABEL, is_label=True), Notice("Another <kiln>.", "Correction, 20 November 2026.")),
        "made": (("Editorial responsibility", "Ruth Okafor, The Tests"), ("Fingerprint", "ab" * 32)),
        "authors": ("Ada Byrne", "Tom Lind"),
        "publisher": "The Tests",
        "modified": AT,
        "published": AT - dt.timedelta(days=1),
        "source_type": SOURCE,
        "address": "https://desk.example.org/read/ceramics-1",
        "structured": {"headline": "</script><script>"},
    }
    return Manuscript(text=text, **facts | more)


def exported(form, one=None):
    return files.export(one or manuscript(), form).content


def words_of_pdf(raw):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(raw)).pages)


def words_of(form, raw):
    """What a reader of the file sees, in one line."""
    if form is Format.PDF:
        found = words_of_pdf(raw)
    elif form is Format.DOCX:
        word = docx.Document(io.BytesIO(raw))
        cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
        found = "\n".join([*(one.text for one in word.paragraphs), *cells])
    else:
        found = raw.decode()
    return " ".join(found.split())


def test_a_text_becomes_blocks():
    found = blocks.parse(TEXT)
    assert [type(one) for one in found] == [Heading, Paragraph, Quote, Items, Items, Table, Code, Paragraph]
    assert found[0].level == 2  # the title is the first
    line = found[1].runs
    assert Run("bold", strong=True) in line
    assert Run("emphatic", em=True) in line
    assert Run("wrong", strike=True) in line
    assert Run("code < 1", code=True) in line
    assert Run("a link", href="https://example.org/?a=1&b=2") in line
    assert "The same line\nand the next." in blocks.plain(line)
    assert (found[3].start, found[4].start) == (None, 7)
    assert isinstance(found[3].items[1][1], Items)
    assert found[5].rows[0][1] == (Run("кириллица"),)
    assert [blocks.is_rtl(blocks.plain(one.runs)) for one in (found[1], found[7])] == [False, True]


@pytest.mark.parametrize("form", list(Format))
def test_every_format_has_the_words_the_label_and_who_answers(form):
    said = words_of(form, exported(form))
    for part in ("bold", "emphatic", "nested", "кириллица", "Ελληνικά", "Another", "Ruth Okafor", "By Ada Byrne"):
        assert part in said, part
    assert LABEL in said.replace("\\", "")
    assert "ab" * 32 in said


@pytest.mark.parametrize("form", list(Format))
def test_without_a_label_none_is_shown(form):
    one = manuscript(notices=())
    assert "machine wrote" not in words_of(form, exported(form, one))


def test_markdown_keeps_the_text_letter_by_letter():
    raw = exported(Format.MARKDOWN, manuscript(HOSTILE)).decode()
    assert HOSTILE.strip("\n") in raw
    head = dict(line.split(": ", 1) for line in raw.split("\n---\n")[0].splitlines()[1:])
    assert json.loads(head["title"]) == "Ceramics & the <bakery>"
    assert json.loads(head["digitalSourceType"]) == SOURCE
    assert json.loads(head["machine_label"]) == [LABEL]
    # An open fence swallows what stands below it; the head has it, too.
    assert json.loads(head["made"])["Editorial responsibility"] == "Ruth Okafor, The Tests"


def test_markdown_of_ours_can_not_be_made_by_a_title():
    assert as_markdown.escape("# *x* [a](b) <i>\n- two") == r"\# \*x\* \[a\]\(b\) \<i\> \- two"


def test_html_is_one_file_that_fetches_nothing_and_runs_nothing():
    page = exported(Format.HTML, manuscript(HOSTILE)).decode()
    assert "default-src 'none'" in html.unescape(page)
    assert not re.findall(r"<(?:img|link rel=.stylesheet|iframe|object|script src)", page)
    assert page.count("<script") == page.count("</script>") == 1  # the facts for machines
    assert "&lt;script&gt;alert" in page
    assert "javascript:" not in page.replace("[x](javascript:alert(1))", "")
    assert "words of a picture" in page
    assert 'content="Ada Byrne"' in page
    assert "<title>Ceramics &amp; the &lt;bakery&gt;</title>" in page


@pytest.mark.parametrize("form", [Format.HTML, Format.DOCX, Format.PDF])
def test_hostile_words_are_shown_as_words(form):
    said = words_of(form, exported(form, manuscript(HOSTILE)))
    for part in ("read(", "/etc/passwd", "@preview/cetz", "words of a picture", "set page(width: 1pt)", "{{ config }}"):
        assert part in said, part
    assert "root:" not in said


def test_word_has_real_headings_lists_tables_and_facts():
    word = docx.Document(io.BytesIO(exported(Format.DOCX)))
    styles = {one.text: one.style.name for one in word.paragraphs}
    assert styles["Ceramics & the <bakery>"] == "Title"
    assert styles["The ovens"] == "Heading 1"
    assert styles["two"] == "List Bullet"
    assert styles["nested"] == "List Number 2"
    assert styles["A quote."] == "Quote"
    assert styles["indented   code"] == "Code"
    assert styles[LABEL] == "Machine label"
    assert [cell.text for cell in word.tables[0].rows[1].cells] == ["Ελληνικά", "кириллица"]
    core = word.core_properties
    assert (core.title, core.author) == ("Ceramics & the <bakery>", "Ada Byrne; Tom Lind")
    assert core.modified.replace(tzinfo=dt.UTC) == AT


def test_word_counts_every_list_from_its_own_start():
    word = docx.Document(io.BytesIO(exported(Format.DOCX, manuscript("1. a\n2. b\n\nbetween\n\n5. c"))))
    numbers = [one._p.pPr.numPr.numId.val for one in word.paragraphs if one.style.name == "List Number"]
    assert numbers[0] == numbers[1] != numbers[2]
    starts = re.findall(rb'startOverride w:val="(\d+)"', word.part.numbering_part.blob)
    assert starts == [b"1", b"5"]


def test_word_says_where_its_words_come_from_and_links_only_where_the_page_does():
    archive = zipfile.ZipFile(io.BytesIO(exported(Format.DOCX, manuscript(TEXT + HOSTILE))))
    custom = ElementTree.fromstring(archive.read("docProps/custom.xml"))
    assert SOURCE in "".join(custom.itertext())
    relations = archive.read("word/_rels/document.xml.rels").decode()
    assert re.findall(r'Target="([^"]+)"[^>]*External', relations) == ["https://example.org/?a=1&amp;b=2"]
    assert b"w:bidi" in archive.read("word/document.xml")


def test_a_text_that_changes_its_looks_all_the_time_is_no_word_file(monkeypatch):
    monkeypatch.setattr(as_docx, "MOST_RUNS", 10)
    with pytest.raises(NotExported):
        exported(Format.DOCX, manuscript("*a* b " * 20))


def test_pdf_is_tagged_and_knows_title_authors_date_and_source():
    reader = pypdf.PdfReader(io.BytesIO(exported(Format.PDF)))
    facts = reader.metadata
    assert (facts.title, facts.author) == ("Ceramics & the <bakery>", "Ada Byrne, Tom Lind")
    assert facts["/Keywords"] == SOURCE
    assert facts.creation_date.replace(tzinfo=dt.UTC) == AT
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in reader.xmp_metadata.stream.get_data()
    links = [note.get_object() for page in reader.pages for note in page.get("/Annots") or ()]
    assert [one["/A"]["/URI"] for one in links] == ["https://example.org/?a=1&b=2"]


def test_letters_without_a_font_are_admitted():
    raw = as_pdf.write(manuscript("Here stands a letter: \U0001f3fa."))
    assert "no font for them" in " ".join(words_of_pdf(raw).split())
    assert "no font for them" not in words_of_pdf(exported(Format.PDF))


def test_a_pdf_that_takes_too_long_is_stopped_and_the_places_are_free_again(monkeypatch):
    monkeypatch.setattr(as_pdf, "LONGEST", 0.001)
    for _ in range(as_pdf.AT_ONCE + 1):
        with pytest.raises(NotExported, match="too long"):
            as_pdf.write(manuscript())
    monkeypatch.undo()
    assert as_pdf.write(manuscript()).startswith(b"%PDF")


def test_no_more_pdfs_at_once_than_there_are_places(monkeypatch):
    monkeypatch.setattr(as_pdf, "PATIENCE", 0.01)
    for _ in range(as_pdf.AT_ONCE):
        as_pdf._PLACES.acquire()
    try:
        with pytest.raises(NotExported, match="Many PDFs"):
            as_pdf.write(manuscript())
    finally:
        for _ in range(as_pdf.AT_ONCE):
            as_pdf._PLACES.release()


def test_the_process_that_sets_a_pdf_has_no_secret_of_the_desk(monkeypatch):
    seen = {}

    def run(command, **options):
        seen.update(options["env"])
        raise as_pdf.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(as_pdf.subprocess, "run", run)
    with pytest.raises(NotExported):
        as_pdf.write(manuscript())
    assert set(seen) == {"PATH", "LANG", "HOME"}


@pytest.mark.parametrize(
    ("title", "edition", "name"),
    [
        ("Ceramics at the bakery", None, "Ceramics-at-the-bakery.pdf"),
        ("../../etc/passwd", 1, "etc-passwd.pdf"),
        ("Ausstellung: „Töpfe“", 2, "Ausstellung-Töpfe-edition-2.pdf"),
        ("漢字", None, "漢字.pdf"),
        ('"\r\nX: y', None, "X-y.pdf"),
        ("…", None, "text.pdf"),
        ("a" * 400, None, "a" * 80 + ".pdf"),
    ],
)
def test_file_names_are_safe(title, edition, name):
    assert file_name(title, edition, "pdf") == name


def test_the_record_lies_beside_the_text_byte_for_byte():
    record = b'{"a": 1}\n'
    file = files.with_record(files.export(manuscript(), Format.HTML), record, AT)
    assert file.name == "Ceramics-the-bakery-with-record.zip"
    archive = zipfile.ZipFile(io.BytesIO(file.content))
    assert archive.namelist() == ["Ceramics-the-bakery.html", "record.json"]
    assert archive.read("record.json") == record
    assert file == files.with_record(files.export(manuscript(), Format.HTML), record, AT)


@pytest.mark.parametrize("form", list(Format))
def test_the_same_manuscript_has_the_appendix_in_every_format(form):
    rows = tuple((blocks.words(f"Version {number}"), blocks.words("Ada | <Byrne>")) for number in range(3))
    head = (blocks.words("What"), blocks.words("Who"))
    appendix = (Heading(2, blocks.words("The record")), Table(head, rows), Paragraph(blocks.words("And so on.")))
    said = words_of(form, exported(form, manuscript(appendix=appendix)))
    assert "The record" in said
    assert "Version 2" in said
    assert "And so on" in said


def test_twenty_thousand_words_come_whole_in_every_format():
    text = "\n\n".join(f"Paragraph {number} " + "of plain words that fill a page. " * 14 for number in range(200))
    for form in Format:
        said = words_of(form, exported(form, manuscript(text)))
        assert "Paragraph 0 " in said
        assert "Paragraph 199 " in said
