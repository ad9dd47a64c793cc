"""How a draft is to be written: what the form takes, what it refuses and where it says so, what is kept."""

import datetime as dt
import json
import re

import pytest
from sqlalchemy import select

from copydesk.autodocs.models import Autodoc
from copydesk.autodocs.options import DraftOptions
from copydesk.documents.models import Document, State
from copydesk.engine.card import Card
from copydesk.web.documents import estimate
from tests import journeys

DOCUMENT = {"title": "Ceramics", "brief": "Eleven pots.", "editor": ""}


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


def only_document(session):
    session.expire_all()
    return session.scalars(select(Document)).one()


def kept(session):
    return DraftOptions.from_dict(only_document(session).sampling)


def checked(page, name):
    """The value of the marked radio button."""
    (value,) = re.findall(rf'name="{name}"\s+value="([^"]*)"[^>]*\schecked', page)
    return value


def test_nothing_chosen_is_the_desks_usual(session, sponsor):
    assert sponsor.post("/documents/new", data=DOCUMENT).status_code == 303
    assert kept(session).is_usual


def test_the_form_offers_one_slider_a_length_and_a_number(sponsor):
    page = sponsor.get("/documents/new").text
    assert re.findall(r'name="preset"\s+value="(\w+)"', page) == ["careful", "balanced", "eccentric", "custom"]
    assert (checked(page, "preset"), checked(page, "length"), checked(page, "n")) == ("balanced", "usual", "1")
    assert "<details" in page
    assert not re.search(r"<details[^>]*\sopen", page)
    for name in ("strategy", "temperature", "top_k", "top_p", "num_beams", "repetition_penalty", "seed", "truncate"):
        assert f'<label for="{name}">{name}</label>' in re.sub(r">\s+", ">", re.sub(r"\s+<", "<", page))


def test_a_choice_is_kept_with_the_document_and_shown_again(session, sponsor):
    chosen = {"preset": "careful", "length": "sentence", "n": "3", "seed": "7", "stop": "THE END\nFinis"}
    assert sponsor.post("/documents/new", data=DOCUMENT | chosen).status_code == 303
    document = only_document(session)
    options = kept(session)
    assert (options.preset, options.words, options.n, options.seed) == ("careful", 20, 3, 7)
    assert options.stop == ("THE END", "Finis")
    assert [draft.seed for draft in journeys.live_drafts(session, document)] == [7, 8, 9]
    for draft in journeys.live_drafts(session, document):
        journeys.write(session, draft.id)
    session.commit()
    page = sponsor.get(f"/documents/{document.id}/draft-again").text
    assert (checked(page, "preset"), checked(page, "length"), checked(page, "n")) == ("careful", "sentence", "3")
    assert "THE END\nFinis" in page.replace("\r", "")
    assert re.search(r"<details[^>]*\sopen", page)


def test_a_number_that_was_typed_counts_whichever_length_is_marked(session, sponsor):
    sponsor.post("/documents/new", data=DOCUMENT | {"length": "sentence", "words": "1,250"})
    assert kept(session).words == 1250
    session.rollback()


def test_a_value_of_ones_own_makes_it_custom_from_where_the_slider_stood(session, sponsor):
    sponsor.post("/documents/new", data=DOCUMENT | {"preset": "eccentric", "top_k": "500"})
    options = kept(session)
    eccentric = DraftOptions(preset="eccentric").sampling(Card(), 0)
    assert (options.preset, options.top_k, options.top_p) == ("custom", 500, eccentric.top_p)


def test_a_seed_leaves_the_slider_where_it_stands(session, sponsor):
    sponsor.post("/documents/new", data=DOCUMENT | {"preset": "eccentric", "seed": "3"})
    assert (kept(session).preset, kept(session).seed) == ("eccentric", 3)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("words", "9", "between 10 and 5,000"),
        ("words", "5001", "between 10 and 5,000"),
        ("words", "many", "must be a whole number"),
        ("n", "5", "between 1 and 4"),
        ("n", "x", "must be a whole number"),
        ("preset", "wild", "choose one of the ways of writing"),
        ("strategy", "magic", "strategy must be one of"),
        ("temperature", "9", "temperature must be between"),
        ("temperature", "nan", "temperature must be between"),
        ("top_k", "0", "top_k must be between"),
        ("top_p", "1.5", "top_p must be between"),
        ("num_beams", "17", "num_beams must be between"),
        ("repetition_penalty", "0.5", "repetition_penalty must be between"),
        ("no_repeat_ngram_size", "21", "no_repeat_ngram_size must be between"),
        ("seed", "-1", "eed must be"),
        ("stop", "x" * 65, "stop must be"),
        ("prefix", "x" * 2001, "the most is 2,000"),
        ("truncate", "x" * 65, "the most is 64"),
        ("template", "unheard-of", "no template"),
    ],
)
def test_a_bad_value_is_named_at_its_field_and_nothing_is_lost(session, sponsor, field, value, says):
    data = DOCUMENT | {"preset": "careful", "n": "2", "temperature": "0.5", field: value}
    answer = sponsor.post("/documents/new", data=data)
    assert answer.status_code == 400
    assert says in answer.text
    assert f'id="{field}-error"' in answer.text
    for typed in ("Ceramics", "Eleven pots.", *([value] if field not in ("preset", "n") else [])):
        assert typed in answer.text
    assert session.scalars(select(Document)).all() == []


def test_several_bad_values_are_named_at_once(sponsor):
    page = sponsor.post("/documents/new", data=DOCUMENT | {"words": "7", "top_p": "2", "seed": "x"}).text
    assert {"words-error", "top_p-error", "seed-error"} <= set(re.findall(r'id="([^"]*-error)"', page))
    assert "3 things need another look" in page


def test_metadata_of_a_template_has_fields_of_its_own(session, sponsor, monkeypatch):
    card = Card(templates={"reviews": "{rating}\n{genre}\n{brief}"})
    monkeypatch.setattr("copydesk.autodocs.requests.card_of", lambda model: card)
    page = sponsor.get("/documents/new").text
    assert 'name="template"' in page
    assert 'name="metadata_rating"' in page
    refused = sponsor.post("/documents/new", data=DOCUMENT | {"template": "reviews", "metadata_genre": "Electronic"})
    assert refused.status_code == 400
    assert 'id="metadata_rating-error"' in refused.text
    assert "Electronic" in refused.text
    whole = DOCUMENT | {"template": "reviews", "metadata_genre": "Electronic", "metadata_rating": "8.2"}
    assert sponsor.post("/documents/new", data=whole).status_code == 303
    assert kept(session).metadata == {"genre": "Electronic", "rating": "8.2"}
    again = sponsor.get(f"/documents/{only_document(session).id}").status_code
    assert again == 200


def test_script_in_a_value_stays_text(sponsor):
    script = "<script>alert(1)</script>\"'"
    page = sponsor.post("/documents/new", data=DOCUMENT | {"prefix": script * 200, "temperature": script}).text
    assert "<script>alert" not in page


def test_drafting_again_with_other_values(session, sponsor, make_document):
    document = make_document("editing")
    session.commit()
    url = f"/documents/{document.id}/draft-again"
    assert sponsor.post(url, data={"temperature": "hot"}).status_code == 400
    session.refresh(document)
    assert document.state is State.EDITING
    assert sponsor.post(url, data={"preset": "eccentric", "n": "2"}).status_code == 303
    session.refresh(document)
    assert (document.state, document.sampling["preset"]) == (State.DRAFTING, "eccentric")
    assert len(journeys.live_drafts(session, document)) == 2
    assert sponsor.post(url, data={}).status_code == 409


def test_the_page_says_who_writes_and_how_long_it_will_take(session, sponsor, make_document):
    page = sponsor.get("/documents/new").text
    assert "not measured on this desk yet" in page
    document = make_document("editing")
    draft = session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).one()
    session.execute(
        Autodoc.__table__.update()
        .where(Autodoc.id == draft.id)
        .values(tokens_written=160, started_at=draft.finished_at - dt.timedelta(seconds=4))
    )
    session.commit()
    page = sponsor.get("/documents/new").text
    assert re.search(r"Takes\s*<b data-estimate>about 4 seconds</b>", page)
    assert "tests" in page  # the engine that wrote it
    rates = json.loads(re.search(r'data-rates="([^"]*)"', page)[1].replace("&#34;", '"'))
    assert rates["alone"] == pytest.approx(40)
    assert rates["beam"] is None


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (None, "not measured"),
        (0.2, "about a second"),
        (3.2, "about 3 seconds"),
        (22, "about 20 seconds"),
        (70, "about a minute"),
        (290, "about 5 minutes"),
    ],
)
def test_a_time_is_said_as_a_person_would(seconds, says):
    assert says in estimate.in_words(seconds)


def test_the_form_asks_the_database_as_often_for_many_drafts_as_for_few(session, sponsor, make_document, count_queries):
    make_document("editing")
    session.commit()
    with count_queries() as few:
        sponsor.get("/documents/new")
    for _ in range(5):
        make_document("choosing")
    session.commit()
    with count_queries() as many:
        sponsor.get("/documents/new")
    assert len(many) == len(few)
