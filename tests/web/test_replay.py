"""A draft's own page: what is known of it, where the model was unsure, and writing it again."""

import re

import pytest
from sqlalchemy import select

from copydesk.accounts.models import User
from copydesk.autodocs import probabilities, recall, replays
from copydesk.autodocs.models import Autodoc
from copydesk.documents.models import State
from copydesk.engine import models
from copydesk.engine.tokens import Tokens
from copydesk.engine.vocabulary import Vocabulary
from copydesk.web.documents import certainty
from tests import journeys
from tests.desk import ROOT

SEED = ROOT / "services/web/models/seed"


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


@pytest.fixture
def draft(session, make_document):
    document = make_document("editing")
    session.commit()
    return session.scalars(select(Autodoc).where(Autodoc.document_id == document.id)).one()


def page_of(draft):
    return f"/documents/{draft.document_id}/drafts/{draft.number}"


def test_the_page_says_all_that_is_known(session, sponsor, draft):
    page = sponsor.get(page_of(draft)).text
    for known in (
        journeys.DRAFT, journeys.BRIEF, "0" * 64, "tests", "Balanced", str(draft.seed), "top-p", "And then the",
        "36 % on average",
    ):  # fmt: skip
        assert known in page
    assert "Write it again" in page
    assert page_of(draft) in sponsor.get(f"/documents/{draft.document_id}").text


def test_a_draft_that_failed_has_a_page_too(session, sponsor, make_document):
    document = make_document("draft_failed")
    session.commit()
    page = sponsor.get(f"/documents/{document.id}/drafts/1").text
    assert "could not be written. The engine said no." in page
    assert "Only a finished draft can be written again" in page
    assert sponsor.post(f"/documents/{document.id}/drafts/1/replay").status_code == 400


def test_a_draft_that_is_not_there(session, sponsor, draft):
    for path in ("drafts/7", "drafts/7/replay.json", "drafts/1/replay.json", "drafts/x"):
        assert sponsor.get(f"/documents/{draft.document_id}/{path}").status_code == 404
    assert sponsor.post(f"/documents/{draft.document_id}/drafts/7/replay").status_code == 404


def test_asking_watching_and_identical(session, sponsor, draft):
    assert sponsor.post(page_of(draft) + "/replay").status_code == 303
    assert sponsor.post(page_of(draft) + "/replay").status_code == 303  # asked twice, written once
    standing = sponsor.get(page_of(draft) + "/replay.json").json
    assert (standing["state"], standing["done"]) == ("queued", False)
    page = sponsor.get(page_of(draft)).text
    assert "data-wait-url" in page
    assert "No worker is running" in page
    replay = replays.newest(session, draft.id)
    replays.finish(session, replay.id, recall.Comparison(True), engine="tests", model_sha256="0" * 64)
    session.commit()
    assert sponsor.get(page_of(draft) + "/replay.json").json["identical"] is True
    page = sponsor.get(page_of(draft)).text
    assert 'data-identical="true"' in page
    assert "All 2 tokens are the same" in page
    assert session.get(Autodoc, draft.id).state.value == "done"


def test_the_first_difference_is_shown_with_its_words(session, sponsor, draft):
    replay = replays.ask(session, draft.id, _asker(session, draft))
    found = recall.Comparison(False, token=3, character=11, expected="<b>a warmth", got="a silence")
    replays.finish(session, replay.id, found, engine="another engine", model_sha256="0" * 64)
    session.commit()
    page = sponsor.get(page_of(draft)).text
    assert "Different from character 12 on" in page
    assert "&lt;b&gt;a warmth" in page
    assert "a silence" in page
    assert "another engine" in page


def test_a_replay_that_failed_says_why(session, sponsor, draft):
    replay = replays.ask(session, draft.id, _asker(session, draft))
    replays.fail(session, replay.id, "The model is not here any more.")
    session.commit()
    assert "The model is not here any more." in sponsor.get(page_of(draft)).text


def test_the_document_is_not_touched(session, sponsor, draft):
    before = sponsor.get(f"/documents/{draft.document_id}/record.json").json["revisions"]
    sponsor.post(page_of(draft) + "/replay")
    record = sponsor.get(f"/documents/{draft.document_id}/record.json").json
    assert (record["revisions"], record["state"]) == (before, State.EDITING)


def test_doubt_is_marked_word_by_word(session, sponsor, draft):
    text = "The old bakery — “still” smells."
    tokens = Tokens(SEED).encode(" " + text)
    values = [-0.1, -6.0, *[-0.1] * (len(tokens) - 2)]
    session.execute(
        Autodoc.__table__.update()
        .where(Autodoc.id == draft.id)
        .values(text=text, output_tokens=tokens, token_logprobs=probabilities.pack(values))
    )
    session.commit()
    page = sponsor.get(page_of(draft)).text
    article = re.search(r"<article[^>]*>(.*?)</article>", page, re.DOTALL)[1]
    assert re.sub(r"<[^>]*>", "", article) == text
    assert re.findall(r'<span class="doubt-(\d)">([^<]*)</span>', article) == [("3", "old")]
    assert "data-doubt-toggle" in page


@pytest.mark.parametrize("text", ["Plain words.", "“Curly” — and 🔥, then\n\nmore.", "é", "a  b"])
def test_pieces_tile_the_text(text, monkeypatch, config):
    tokens = Tokens(SEED).encode(" " + text + " cut off")
    raw = probabilities.pack([-(number % 5) for number in range(len(tokens))])
    pieces = certainty.pieces(text, tokens, raw, "seed")
    assert "".join(piece for piece, _ in pieces) == text
    assert {depth for _, depth in pieces} <= {0, 1, 2, 3}


def test_no_marks_where_they_can_not_be_told(config):
    tokens = Tokens(SEED).encode(" The old bakery")
    raw = probabilities.pack([-1.0] * len(tokens))
    assert certainty.pieces("Another text", tokens, raw, "seed") == []
    assert certainty.pieces("The old bakery", tokens, None, "seed") == []
    assert certainty.pieces("The old bakery", tokens, raw[:-2], "seed") == []
    assert certainty.pieces("The old bakery", tokens, raw, "no-such-model") == []


def test_the_vocabulary_spells_as_the_tokenizer_does():
    vocabulary, tokens = Vocabulary.read(SEED), Tokens(SEED)
    for number in range(models.read(SEED).config["vocab_size"]):
        assert vocabulary.bytes_of(number) == tokens.bytes_of(number), number


def _asker(session, draft):
    return session.get(User, draft.requested_by_id)
