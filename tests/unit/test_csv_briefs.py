"""A table of briefs: whatever bytes arrive, rows come out or words that say what is wrong."""

import csv
import datetime as dt
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from copydesk.documents.asking import csv_briefs
from copydesk.documents.asking.csv_briefs import COLUMNS, MOST_BYTES, MOST_ROWS, Row, Unreadable, asked, read, write

HEAD = "title,brief\r\n"
PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x85\u2028\u2029"), max_size=30)


def cells(text, **options):
    return [dict(row.cells) for row in read(text.encode(**options)).rows]


@given(st.binary(max_size=400))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbftitle,brief\n\xff")
@example('title;brief\n"open;'.encode("utf-16"))
def test_any_bytes_give_rows_or_words(content):
    _read_or_refuse(content)


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]))
def test_any_words_below_a_head_give_rows_or_words(text, encoding):
    _read_or_refuse((HEAD + text).encode(encoding, "ignore"))


def _read_or_refuse(content):
    try:
        table = read(content)
    except Unreadable as error:
        said = str(error)
    else:
        said = "."
        assert table.rows
        for row in table.rows:
            assert set(row.cells) <= set(COLUMNS)
            assert row.line > 1
            asked(row)
    assert said.endswith(".")


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_what_a_spreadsheet_writes_is_read_as_it_was_typed(typed, delimiter):
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    table.writerow(("title", "brief"))
    table.writerows(typed)
    wanted = [pair for pair in typed if not all(csv_briefs.is_blank(cell) for cell in pair)]
    if not wanted:
        with pytest.raises(Unreadable):
            read(out.getvalue().encode())
        return
    found = [(row.cells["title"], row.cells["brief"]) for row in read(out.getvalue().encode()).rows]
    assert found == [tuple(csv_briefs._typed(cell) for cell in pair) for pair in wanted]


@given(st.lists(st.tuples(PLAIN, PLAIN).filter(lambda pair: pair[0].strip()), min_size=1, max_size=5))
def test_what_we_write_is_harmless_and_comes_back(typed):
    content = write(COLUMNS, [{"title": title, "brief": brief} for title, brief in typed])
    for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(csv_briefs.FORMULA) for cell in line)
    found = [(row.cells["title"], row.cells["brief"]) for row in read(content).rows]
    assert found == [pair for pair in typed if not all(csv_briefs.is_blank(cell) for cell in pair)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_each_encoding_is_found(encoding):
    text = HEAD + "Café “Märchen”,Ten € a cup\r\n"
    assert cells(text, encoding=encoding) == [{"title": "Café “Märchen”", "brief": "Ten € a cup"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_delimiter_is_found_and_breaks_in_quotes_are_kept(delimiter):
    text = delimiter.join(["Title", "Brief", "Must keep"]) + "\n"
    text += delimiter.join(["One", f'"First{delimiter} line\nsecond ""quoted"""', '"a\nb"']) + "\n\n"
    text += delimiter.join(["Two", "Plain", ""]) + "\n"
    table = read(text.encode())
    assert [row.line for row in table.rows] == [2, 6]
    assert table.rows[0].cells["brief"] == f'First{delimiter} line\nsecond "quoted"'
    assert table.rows[0].cells["must_keep"] == "a\nb"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The file is empty"),
        ("\ufeff \n", "The file is empty"),
        (HEAD, "no brief below it"),
        ("name,words\nA,B\n", "“title” and “brief” is not among them"),
        ("title,brief,title\nA,B,C\n", "“title” is there twice"),
        (HEAD + 'A,"open\nB,C\n', "Line 2: A quote is opened here and never closed"),
        (HEAD + 'A,B\nC,"x"y\n', "Line 3: Quotes don’t fit"),
        (HEAD + "A,B,C\n", "Line 2: 3 cells, but 2 columns"),
        (HEAD + "A,B\n" * (MOST_ROWS + 1), f"Line {MOST_ROWS + 2}: There are more than {MOST_ROWS} rows"),
        (HEAD + "A," + "x" * 140_000, "Line 2: A cell has more than"),
        (HEAD + "x" * MOST_BYTES, "larger than 2 MB"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, says):
    with pytest.raises(Unreadable, match=says.replace("(", r"\(")):
        read(text.encode())


def test_columns_that_nobody_asked_for_are_named_and_the_report_s_are_not():
    table = read(b"title,brief,colour,problem\nA,B,red,It was wrong\n")
    assert table.unknown == ("colour",)
    assert dict(table.rows[0].cells) == {"title": "A", "brief": "B"}


def test_numbers_and_dates_are_read_or_complained_about():
    good = asked(Row(2, {"title": " A ", "brief": "B", "most_words": "1,200", "due": "2027-06-01"}))
    assert (good.title, good.most_words, good.due, good.problems) == ("A", 1200, dt.date(2027, 6, 1), [])
    bad = asked(Row(3, {"most_words": "many", "due": "1.6.2027"}))
    assert bad.problems == [
        "most_words: “many” is not a whole number.",
        "due: “1.6.2027” is not a date such as 2027-06-01.",
    ]


def test_the_example_can_be_sent_as_it_is():
    table = read(write(COLUMNS, csv_briefs.EXAMPLE))
    assert not table.unknown
    assert [asked(row).problems for row in table.rows] == [[], []]
    assert asked(table.rows[0]).must_keep == "Quay Street 14\nOpen until 30 June"
