"""Finding documents: what a search finds and never shows, the orders and their pages, filters, excerpts."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from copydesk.documents import operations, revising
from copydesk.documents.finding import filters, listing, orders, searching
from copydesk.documents.finding.filters import Due, Filters, Since
from copydesk.documents.finding.listing import Looked
from copydesk.documents.finding.models import DocumentSearch
from copydesk.documents.finding.orders import By, Order
from copydesk.documents.models import Document, State
from copydesk.documents.revising import Text
from copydesk.web.documents.listing import asked
from tests import journeys

NOW = dt.datetime.now(dt.UTC)
UTC = ZoneInfo("UTC")


def looked(viewer, now=NOW, zone=UTC, **wanted):
    found = Filters(**wanted)
    return Looked(viewer, found, orders.read("", searches=bool(found.q)), now, zone)


def titles(session, viewer, now=NOW, zone=UTC, **wanted):
    page = listing.page(session, looked(viewer, now, zone, **wanted), None, size=100)
    return [one.title for one in page.documents]


@pytest.mark.parametrize(
    ("asks", "finds"),
    [
        ("potters", True),  # the title
        ("kilns", True),  # the brief
        ("flour", True),  # the text
        ("FLOUR", True),
        ("flo", True),  # the beginning of a word
        ("fl", False),  # too short to be a beginning
        ("lour", False),
        ("flour kilns", True),  # text and brief together
        ("flour tractor", False),
        ("flour or tractor", True),
        ("flour -kilns", False),
        ("flour -tractor", True),
        ('"old bakery"', True),
        ('"bakery old"', False),
        ("“old bakery”", True),
        ("cafe", True),  # café
        ("CAFÉ", True),
        ("zürich", True),  # Zurich
        ("dusty", True),  # within typographic quotes
        ("e-mail", True),
        ("mail", True),
        ("40", True),  # of 12-40
        ("-", True),  # says nothing: everything is found
        ('"', True),
    ],
)
def test_what_a_search_finds(session, cast, make_document, asks, finds):
    text = "The old bakery smells of flour; “dusty” is the café in Zurich. Write an e-mail about lots 12-40."
    make_document("editing", title="Potters’ hours", brief="A show about kilns.", text=text)
    if asks in ("-", '"'):
        assert titles(session, cast.admin, q=asks) == []  # not an error; it has no word
        return
    assert (titles(session, cast.admin, q=asks) == ["Potters’ hours"]) is finds


@pytest.mark.parametrize(
    "asks", ["'", "\\", "zz:*", "!!", "& | <->", "((", "' OR 1=1 --", "\N{SNOWMAN}", "x" * 200, "%s", ":q"]
)
def test_nothing_that_is_typed_breaks_a_search(session, cast, make_document, asks):
    make_document("editing")
    assert titles(session, cast.admin, q=asks) == []


def test_the_index_goes_with_every_version(session, cast, make_document):
    document = make_document("editing", title="Before", brief="First brief.")
    assert titles(session, cast.editor, q="flour") == ["Before"]
    revising.save(session, document.id, cast.editor, Text("After", "Nothing but rye.", document.text_number))
    assert titles(session, cast.editor, q="flour") == []
    assert titles(session, cast.editor, q="rye") == ["After"]
    assert titles(session, cast.editor, q="before") == []
    operations.edit_brief(session, document.id, cast.sponsor, title="After", brief="Second brief.", base=1)
    assert titles(session, cast.editor, q="second rye") == ["After"]
    assert titles(session, cast.editor, q="first") == []


def test_a_text_with_more_words_than_an_index_holds_is_saved_and_found_by_its_beginning(session, cast, make_document):
    document = make_document("editing", title="Long")
    many = "Beginning. " + " ".join(chr(0x4E00 + i // 90) + chr(0x4E00 + i % 90) * 12 for i in range(14_000))
    revising.save(session, document.id, cast.editor, Text("Long", many, document.text_number))
    assert titles(session, cast.editor, q="beginning") == ["Long"]


def test_a_search_and_a_count_never_show_what_is_not_ones_own(session, cast, make_document):
    make_document("editing", title="Secret")
    make_document("signoff", title="Mine", sponsor=cast.other_sponsor, editor=cast.other_editor)
    for viewer, sees in (
        (cast.sponsor, ["Secret"]),
        (cast.other_sponsor, ["Mine"]),
        (cast.editor, ["Secret"]),
        (cast.other_editor, ["Mine"]),
        (cast.pending, []),
        (cast.suspended, []),
    ):
        assert titles(session, viewer, q="flour") == sees
        assert listing.found(session, looked(viewer, q="flour")) == len(sees)
        assert sum(listing.counts(session, viewer).values()) == len(sees)
        assert len(listing.ids(session, looked(viewer))) == len(sees)
        # Not by asking for somebody else's, either.
        everyones = titles(session, viewer, sponsor=cast.sponsor.id) + titles(
            session, viewer, sponsor=cast.other_sponsor.id
        )
        assert sorted(everyones) == sorted(sees)


def test_the_best_match_comes_first(session, cast, make_document):
    make_document("editing", title="A", text="Once a kiln was mentioned here, among many other words of the text.")
    make_document("editing", title="The kiln")
    make_document("editing", title="B", brief="About a kiln.")
    assert titles(session, cast.admin, q="kiln") == ["The kiln", "B", "A"]


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize(("descending", "searches"), [(False, False), (True, False), (True, True)])
def test_pages_of_every_order_show_each_once_forth_and_back(session, cast, make_document, by, descending, searches):
    searches, descending = searches or by is By.MATCH, descending or by is By.MATCH
    made = [make_document(("editing", "signoff", "drafting")[i % 3], title=f"Text {i % 4}") for i in range(11)]
    moment = NOW - dt.timedelta(days=1)
    for i, document in enumerate(made):  # many are equal, some have no date
        values = {"updated_at": moment - dt.timedelta(hours=i % 3), "due_at": None if i % 2 else moment}
        session.execute(update(Document).where(Document.id == document.id).values(**values))
    session.expire_all()
    order = Order(by, descending)
    # Of a search every order is a list, without one there is nothing to match.
    wanted = Looked(cast.sponsor, Filters(q="text" if searches else ""), order, NOW, UTC)
    seen, place, pages = [], None, []
    for _ in range(10):
        page = listing.page(session, wanted, place, size=3)
        seen += [one.id for one in page.documents]
        pages.append([one.id for one in page.documents])
        if not page.next:
            break
        place = orders.read_place(order, page.next, backwards=False)
    assert sorted(seen) == sorted(one.id for one in made)
    assert len(pages) == 4
    back = []
    while page.back:
        page = listing.page(session, wanted, orders.read_place(order, page.back, backwards=True), size=3)
        back.append([one.id for one in page.documents])
    assert back == pages[-2::-1]


def test_titles_are_in_order_as_a_person_would_put_them(session, cast, make_document):
    for title in ("zebra", "Émile", "apple", "Banana", "“Dough”"):
        make_document("editing", title=title)
    wanted = Looked(cast.admin, Filters(), Order(By.TITLE, descending=False), NOW, UTC)
    shown = [one.title for one in listing.page(session, wanted, None, size=25).documents]
    assert shown == ["apple", "Banana", "“Dough”", "Émile", "zebra"]


@pytest.mark.parametrize(
    "written", ["", "x", "W10", "WzFd", "a" * 2000, "WyJ4IiwieCJd", "\N{SNOWMAN}", "W251bGwsbnVsbF0"]
)
@pytest.mark.parametrize("by", list(By))
def test_nonsense_for_a_place_begins_at_the_top(by, written):
    assert orders.read_place(Order(by), written, backwards=False) is None


def test_filters_by_date_go_by_the_viewers_own_days(session, cast, make_document):
    # Wednesday, a minute after midnight in Auckland; in UTC it is still Tuesday noon.
    zone = ZoneInfo("Pacific/Auckland")
    now = dt.datetime(2031, 3, 5, 0, 1, tzinfo=zone)
    for title, due in {
        "yesterday": dt.datetime(2031, 3, 4, 23, 59, tzinfo=zone),
        "today": dt.datetime(2031, 3, 5, 23, 59, tzinfo=zone),
        "sunday": dt.datetime(2031, 3, 9, 23, 59, tzinfo=zone),
        "monday": dt.datetime(2031, 3, 10, 0, 0, tzinfo=zone),
        "never": None,
    }.items():
        document = make_document("editing", title=title)
        session.execute(update(Document).where(Document.id == document.id).values(due_at=due))
    found = {due: set(titles(session, cast.admin, now, zone, due=due)) for due in Due}
    assert found == {
        Due.OVERDUE: {"yesterday"},
        Due.TODAY: {"today"},
        Due.WEEK: {"today", "sunday"},
        Due.NONE: {"never"},
    }


def test_what_is_delivered_or_asked_is_not_overdue(session, cast, make_document):
    for state in ("editing", "signoff", "question", "withdrawn", "drafting"):
        document = make_document(state, title=state)
        session.execute(update(Document).where(Document.id == document.id).values(due_at=NOW - dt.timedelta(days=2)))
    assert set(titles(session, cast.admin, due=Due.OVERDUE)) == {"editing", "drafting"}


def test_changed_since_counts_days_from_midnight(session, cast, make_document):
    now = dt.datetime(2031, 3, 5, 12, 0, tzinfo=UTC)
    for title, moment in {"today": (5, 0), "six days ago": (-1, 1), "a week ago": (-2, 23)}.items():
        document = make_document("editing", title=title)
        changed = dt.datetime(2031, 3, 1, moment[1], tzinfo=UTC) + dt.timedelta(days=moment[0] - 1)
        session.execute(update(Document).where(Document.id == document.id).values(updated_at=changed))
    assert titles(session, cast.admin, now, since=Since.TODAY) == ["today"]
    assert titles(session, cast.admin, now, since=Since.WEEK) == ["today", "six days ago"]


def test_filters_together(session, cast, make_document):
    make_document("editing", title="Ada edits")
    make_document("editing", title="Tom edits", editor=cast.other_editor)
    make_document("signoff", title="Ada delivered")
    make_document("unassigned", title="Nobody edits")
    admin = cast.admin
    assert set(titles(session, admin, editor=cast.editor.id)) == {"Ada edits", "Ada delivered"}
    assert titles(session, admin, editor=0) == ["Nobody edits"]
    assert titles(session, admin, editor=cast.editor.id, state=(State.SIGNOFF,)) == ["Ada delivered"]
    assert len(titles(session, admin, state=(State.SIGNOFF, State.EDITING))) == 3
    assert titles(session, admin, mine=True) == ["Nobody edits"]
    assert titles(session, cast.sponsor, mine=True) == ["Ada delivered"]
    assert titles(session, cast.editor, mine=True) == ["Ada edits"]


ADDRESS = "q=old+bakery&state=editing&state=signoff&editor=0&sponsor=7&due=week&since=30&model=gpt2&mine=1"


def test_an_address_is_read_and_written_the_same():
    read = asked.read_query(ADDRESS + "&sort=-title&size=50")
    assert read.filters == Filters(
        "old bakery", (State.EDITING, State.SIGNOFF), 0, 7, Due.WEEK, Since.MONTH, "gpt2", mine=True
    )
    assert (read.order, read.size) == (Order(By.TITLE, descending=True), 50)
    assert asked.read_query(read.query).filters == read.filters
    assert read.query == asked.read_query(read.query).query


@pytest.mark.parametrize(
    "nonsense",
    [
        "state=x",
        "editor=x",
        "editor=-1",
        "editor=" + "9" * 19,
        "due=never",
        "since=8",
        "mine=2",
        "q=%00",
        "sponsor=٣",
        "sort=x",
        "sort=match",
    ],
)
def test_nonsense_in_an_address_is_as_if_it_were_not_there(nonsense):
    read = asked.read_query(nonsense)
    assert read.filters.is_empty
    assert read.order == Order()


def test_taking_a_filter_off_leaves_the_others():
    every = filters.read(
        MultiDict([("q", "a"), ("state", "editing"), ("state", "signoff"), ("editor", "0"), ("mine", "1")])
    )
    assert every.without("state", "editing").state == (State.SIGNOFF,)
    assert every.without("editor", "0").editor is None
    assert every.without("q", "a") == Filters("", every.state, 0, mine=True)
    for name, value in every.pairs():
        assert len(list(every.without(name, value).pairs())) == len(list(every.pairs())) - 1


@pytest.mark.parametrize(
    ("text", "asks", "shown"),
    [
        ("The old bakery.", "bakery", "The old [bakery]."),
        ("The old Bäckerei.", "backerei", "The old [Bäckerei]."),
        ("Ovens and oven doors", "oven", "[Oven]s and [oven] doors"),
        ("a <b>kiln</b>", "kiln", "a <b>[kiln]</b>"),
        ("kilns", "-kiln", ""),
        ("nothing here", "kiln", ""),
        ("ﬁre and ﬂour", "flour", "ﬁre and [ﬂour]"),
        ("an a and an", "a", "an [a] and an"),
    ],
)
def test_an_excerpt_marks_what_was_looked_for(text, asks, shown):
    pieces = searching.excerpt(text, searching.words_of(asks))
    assert "".join(f"[{one.text}]" if one.found else one.text for one in pieces) == shown


def test_an_excerpt_is_short_and_says_where_it_is_cut():
    pieces = searching.excerpt("before " * 50 + "KILN " + "after " * 50, ["kiln"])
    shown = "".join(one.text for one in pieces)
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert len(shown) < 220


def test_deleting_a_document_takes_it_out_of_the_index(session, cast, make_document):
    document = make_document("withdrawn")
    from copydesk.autodocs import deletion

    deletion.delete(session, document.id, cast.admin, reason="A test.", title=journeys.TITLE)
    assert session.scalars(select(DocumentSearch.document_id)).all() == []
