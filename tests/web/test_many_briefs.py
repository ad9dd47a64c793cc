"""Many briefs at once: shown before anything is created, created once, what was not can be mended and sent again."""

import datetime as dt
import io
import re

import pytest
from sqlalchemy import select

from copydesk.autodocs.models import Autodoc
from copydesk.documents.asking import csv_briefs
from copydesk.documents.asking.batches import Batch
from copydesk.documents.models import Document

TOMORROW = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).date().isoformat()
HEAD = "title,brief,editor,most_words,must_keep,due\n"


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


def send(client, text, name="briefs.csv"):
    raw = text if isinstance(text, bytes) else text.encode()
    return client.post("/documents/many", data={"file": (io.BytesIO(raw), name)})


def everything(session, table=Document):
    session.expire_all()
    return session.scalars(select(table).order_by(table.id)).all()


def test_it_is_shown_first_and_created_when_confirmed(session, cast, sponsor):
    text = HEAD
    text += f"Pots,In the bakery,{cast.editor.email},400,Quay Street,{TOMORROW}\n"
    text += f'Pans,"Two\nlines",{cast.other_editor.name.upper()},,,\n'
    text += "Cups,Nobody edits them yet,,,,\n"
    sent = send(sponsor, text)
    page = sponsor.get(sent.location).text
    assert "3 of 3 rows become documents" in page
    assert cast.other_editor.name in page
    assert everything(session) == []

    done = sponsor.post(f"{sent.location}/create", follow_redirects=True).text
    assert "3 documents were created" in done
    made = {one.title: one for one in everything(session)}
    assert (made["Pots"].editor_id, made["Pots"].most_words, made["Pots"].must_keep) == (
        cast.editor.id,
        400,
        "Quay Street",
    )
    assert made["Pots"].due_at.date().isoformat() == TOMORROW
    assert (made["Pans"].editor_id, made["Pans"].brief) == (cast.other_editor.id, "Two\nlines")
    assert made["Cups"].due_at is None
    assert len(everything(session, Autodoc)) == 3


def test_confirmed_twice_nothing_is_made_twice(session, sponsor):
    address = send(sponsor, HEAD + "Pots,In the bakery\n").location
    first = sponsor.post(f"{address}/create", follow_redirects=True).text
    assert sponsor.post(f"{address}/create", follow_redirects=True).text.count("Pots") == first.count("Pots")
    assert len(everything(session)) == len(everything(session, Autodoc)) == 1


def test_every_row_says_what_is_wrong_and_the_others_are_created(session, sponsor):
    text = HEAD
    text += "Pots,In the bakery,,,,\n"
    text += "=SUM(A1),,nobody@example.org,many,,1.6.2027\n"
    text += "Pots,In the bakery,,,,\n"
    text += "Old,In the bakery,,0,,2001-01-01\n"
    address = send(sponsor, text).location
    page = sponsor.get(address).text
    assert "1 of 4 rows becomes a document" in page
    for says in (
        "brief: Please enter the brief.",
        "editor: There is no editor “nobody@example.org”.",
        "most_words: “many” is not a whole number.",
        "due: “1.6.2027” is not a date",
        "It is the same as a row above.",
        "due: 2001-01-01 is over.",
        "most_words: Please give a number of words from 1",
    ):
        assert says in page, says
    done = sponsor.post(f"{address}/create", follow_redirects=True).text
    assert "1 document was created, 3 rows were not" in done
    assert len(everything(session)) == 1

    left = sponsor.get(f"{address}/not-created.csv")
    assert left.headers["Content-Disposition"].startswith("attachment")
    assert b"'=SUM(A1)" in left.data
    table = csv_briefs.read(left.data)
    assert [row.cells["title"] for row in table.rows] == ["=SUM(A1)", "Pots", "Old"]
    assert "There is no editor" in left.data.decode("utf-8-sig")
    # Mended, it is sent again as it is.
    mended = (
        left.data.replace(b"nobody@example.org,many", b",").replace(b"1.6.2027", b"").replace(b"SUM(A1),", b"SUM(A1),B")
    )
    assert "2 of 3 rows become documents" in sponsor.get(send(sponsor, mended).location).text


def test_two_editors_of_one_name_need_an_address(sponsor, session, make_person):
    for number in (1, 2):
        make_person("Kim Same", "editor").email = f"kim{number}@example.org"
        session.flush()
    session.commit()
    text = HEAD + "Pots,Bakery,Kim Same\nPans,Bakery,KIM1@example.org\n"
    page = sponsor.get(send(sponsor, text).location).text
    assert "Several editors are called “Kim Same”" in page
    assert "1 of 2 rows becomes a document" in page


def test_the_queue_s_limit_is_said_before_and_kept(session, sponsor, monkeypatch):
    from copydesk.autodocs import limits, many

    tight = limits.settings().model_copy(update={"drafts_per_person": 2})
    for module in (limits, many):
        monkeypatch.setattr(module, "settings", lambda: tight)
    assert "You can ask for 2 drafts now" in sponsor.get("/documents/many").text
    address = send(sponsor, HEAD + "".join(f"Pot {n},Bakery\n" for n in range(3))).location
    page = sponsor.get(address).text
    assert "2 of 3 rows become documents" in page
    assert "You can ask for 2 more drafts now." in page
    assert "Has to wait" in page
    done = sponsor.post(f"{address}/create", follow_redirects=True).text
    assert "2 documents were created, 1 row was not" in done
    assert "the most for one person is 2" in done
    assert [row.cells["title"] for row in csv_briefs.read(sponsor.get(f"{address}/not-created.csv").data).rows] == [
        "Pot 2"
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"\x00\x01\x02", "Its letters"),
        (b"name\nx\n", "is not among them"),
        (HEAD.encode() + b'A,"open', "Line 2: A quote is opened here"),
    ],
)
def test_a_file_that_can_t_be_read_says_why(session, sponsor, content, says):
    answer = send(sponsor, content)
    assert answer.status_code == 400
    assert says in answer.text
    assert everything(session, Batch) == []


def test_without_a_file_and_with_somebody_else_s(sponsor, cast, as_person):
    assert "Please choose a file." in sponsor.post("/documents/many", data={}).text
    address = send(sponsor, HEAD + "Pots,Bakery\n").location
    other = as_person(cast.other_sponsor)
    assert other.get(address).status_code == other.post(f"{address}/create").status_code == 404


def test_the_example_can_be_downloaded_and_sent(sponsor):
    example = sponsor.get("/documents/many/example.csv")
    page = sponsor.get(send(sponsor, example.data).location).text
    assert "There is no editor “editor@example.org”" in page
    assert "1 of 2 rows becomes a document" in page


def test_script_in_a_table_stays_text(sponsor):
    address = send(
        sponsor, HEAD + "<script>alert(1)</script>,<script>alert(1)</script>,<script>\n", "<script>.csv"
    ).location
    pages = sponsor.get(address).text + sponsor.post(f"{address}/create", follow_redirects=True).text
    assert "<script>alert" not in pages
    assert not re.search(r"<script>\.csv", pages)


def test_old_files_make_room(session, sponsor, monkeypatch):
    from copydesk.documents.asking import batches

    monkeypatch.setattr(batches, "MOST", 1)
    for name in ("one.csv", "two.csv"):
        send(sponsor, HEAD + "Pots,Bakery\n", name)
    assert [one.name for one in everything(session, Batch)] == ["two.csv"]
