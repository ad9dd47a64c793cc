"""From the signature to readers: times, embargo, the label, corrections, retraction, emergencies; what readers see."""

import csv
import datetime as dt
import io
import json
import re
from xml.etree import ElementTree

import pytest
from sqlalchemy import select, update

from copydesk.documents import editions, operations, publishing, reviews, revising
from copydesk.documents.editions import Edition, EditionState, PublicPage
from copydesk.documents.models import Change, State
from copydesk.documents.revising import Text
from copydesk.documents.workflow import Act
from copydesk.mail.outbox import Mail
from copydesk.notifications.kinds import Kind
from copydesk.notifications.models import Notice
from tests import journeys

HTML = "<script>alert('owned')</script> [x](javascript:alert(1)) **bold** <img src=x onerror=alert(1)>"


@pytest.fixture
def approved(session, make_document):
    document = make_document("approved")
    session.commit()
    return document


@pytest.fixture
def sponsor(session, cast, as_person):
    session.commit()
    return as_person(cast.sponsor)


@pytest.fixture
def stranger(as_person):
    return as_person(None)


def path(session, document, number=None):
    slug = session.get(PublicPage, document.id).slug
    return f"/read/{slug}" if number is None else f"/read/{slug}/{number}"


def key(session, document):
    return session.get(PublicPage, document.id).key


def post(client, document, act, **typed):
    answer = client.post(f"/documents/{document.id}/{act}", data=typed)
    assert answer.status_code == 303, re.findall(r'class="error"[^>]*>([^<]+)', answer.text)
    return answer


def notices(session, person):
    """What a person was told, in order."""
    return session.scalars(select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)).all()


def structured(page):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)[1])


def round_again(session, document, cast, body, change=Change.CORRECTION):
    """Reopened, rewritten, delivered, signed."""
    publishing.reopen(session, document.id, cast.sponsor, change, reason="The kiln was another.")
    revising.deliver(session, document.id, cast.editor, Text(document.title, body, document.text_number))
    head = revising.head_text(session, document)
    operations.sign(session, document.id, cast.sponsor, sha256=head.sha256)
    session.commit()


def test_published_now_everyone_reads_exactly_what_was_signed(session, cast, approved, sponsor, stranger):
    post(sponsor, approved, "publish", how="now")
    session.refresh(approved)
    assert (approved.state, approved.edition) == (State.PUBLISHED, 1)
    page = stranger.get(path(session, approved))
    assert page.status_code == 200
    assert "The ovens are cold now." in page.text
    assert "X-Robots-Tag" not in page.headers
    assert "noindex" not in page.text
    assert "Ruth Okafor" in re.search(r'data-role="responsible">\s*<span>([^<;]+)', page.text)[1]
    facts = structured(page)
    assert facts["@type"] == "Article"
    assert facts["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert facts["datePublished"] == facts["dateModified"]
    assert facts["correction"] == []
    assert notices(session, cast.editor) == [Kind.ASSIGNED, Kind.SIGNED, Kind.PUBLISHED]


def test_the_label_stands_while_machine_words_are_unread(session, cast, make_document, as_person, stranger):
    """The draft's paragraph is as the machine wrote it; the editor's own stands below."""
    document = make_document("editing")
    own = journeys.prose(20)
    written = Text(document.title, f"{journeys.DRAFT}\n\n{own}", document.text_number)
    revising.deliver(session, document.id, cast.editor, written)
    operations.sign(session, document.id, cast.sponsor, sha256=revising.head_text(session, document).sha256)
    edition = publishing.publish(session, document.id, cast.sponsor)
    assert edition.label == ["unread"]
    session.commit()
    assert 'data-role="machine-label"' in stranger.get(path(session, document)).text

    other = make_document("editing")
    revising.save(session, other.id, cast.editor, Text(other.title, written.body, other.text_number))
    found = reviews.of(session, other, revising.head_text(session, other), reviews.by_revisions(session, other))
    reviews.review(session, other.id, cast.editor, sha256=found[0].sha256, reason="I checked it against the catalogue.")
    revising.deliver(session, other.id, cast.editor, Text(other.title, written.body, other.text_number))
    operations.sign(session, other.id, cast.sponsor, sha256=revising.head_text(session, other).sha256)
    assert publishing.publish(session, other.id, cast.sponsor).label == []
    session.commit()
    assert 'data-role="machine-label"' not in stranger.get(path(session, other)).text


def test_a_time_is_kept_in_the_zone_it_was_typed_in(session, approved, sponsor, stranger):
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%dT09:30")
    post(sponsor, approved, "publish", how="time", at=tomorrow, zone="Asia/Kolkata")
    session.refresh(approved)
    edition = editions.scheduled(session, approved.id)
    assert (approved.state, approved.edition) == (State.APPROVED, 0)
    assert edition.live_at.astimezone(dt.UTC).strftime("%H:%M") == "04:00"
    assert stranger.get(path(session, approved), query_string={"key": key(session, approved)}).status_code == 404
    assert publishing.publish_due(session) is None

    # Another time takes the place of the first; cancelled, nothing goes out.
    post(sponsor, approved, "publish", how="time", at=tomorrow, zone="UTC")
    session.expire_all()
    assert [one.state for one in editions.of(session, approved.id)] == [EditionState.CANCELLED, EditionState.SCHEDULED]
    post(sponsor, approved, "cancel-time")
    assert editions.scheduled(session, approved.id) is None


def test_what_is_withdrawn_does_not_go_out(session, cast, approved):
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    publishing.publish(session, approved.id, cast.sponsor, publishing.Times(soon, soon))
    operations.move(session, approved.id, Act.WITHDRAW, cast.sponsor)
    assert [one.state for one in editions.of(session, approved.id)] == [EditionState.CANCELLED]
    assert publishing.publish_due(session) is None


def test_its_time_comes_once(session, cast, approved, stranger):
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    publishing.publish(session, approved.id, cast.sponsor, publishing.Times(soon, soon))
    session.execute(update(Edition).values(live_at=dt.datetime.now(dt.UTC), public_at=dt.datetime.now(dt.UTC)))
    session.commit()
    assert publishing.publish_due(session).number == 1
    session.commit()
    assert publishing.publish_due(session) is None
    session.refresh(approved)
    assert approved.state is State.PUBLISHED
    assert stranger.get(path(session, approved)).status_code == 200


def test_under_embargo_the_key_opens_it_and_nothing_else_does(session, cast, approved, sponsor, stranger, as_person):
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%dT09:30")
    post(sponsor, approved, "publish", how="embargo", at=tomorrow, zone="UTC")
    url = path(session, approved)
    assert stranger.get(url).status_code == 404
    assert stranger.get(url, query_string={"key": "guessed"}).status_code == 404
    assert as_person(cast.other_sponsor).get(url).status_code == 404
    assert as_person(cast.editor).get(url).status_code == 200
    page = stranger.get(url, query_string={"key": key(session, approved)})
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "same-origin"  # the key in the address goes nowhere else
    post(sponsor, approved, "open-to-all")
    assert stranger.get(url).status_code == 200


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"how": "time", "at": ""}, "Please enter a date and a time."),
        ({"how": "time", "at": "2020-01-01T10:00"}, "This time has passed."),
        ({"how": "time", "at": "9999-12-31T23:59", "zone": "Pacific/Kiritimati"}, "more than two years away"),
        ({"how": "time", "at": "tomorrow"}, "Please enter a date and a time."),
        ({"how": "time", "at": "2027-01-01T10:00", "zone": "../../etc/passwd"}, "Please enter a date and a time."),
        ({"how": "embargo", "at": "2020-01-01T10:00"}, "be public before it is published"),
        ({"how": "sometime"}, "Not a valid choice"),
    ],
)
def test_a_bad_time_is_named_and_nothing_goes_out(session, approved, sponsor, typed, says):
    answer = sponsor.post(f"/documents/{approved.id}/publish", data=typed)
    assert answer.status_code == 400
    assert says in answer.text.replace("&#39;", "'")
    assert not editions.of(session, approved.id)


def test_a_correction_has_a_note_and_both_editions_are_read(session, cast, approved, sponsor, stranger):
    first = publishing.publish(session, approved.id, cast.sponsor)
    first.live_at = first.public_at = first.live_at - dt.timedelta(hours=1)
    session.commit()
    post(sponsor, approved, "reopen", change="correction", reason="Ten pots, not eleven.")
    assert "The ovens are cold now." in stranger.get(path(session, approved)).text  # readers keep what they have
    session.refresh(approved)
    assert (approved.state, approved.round, approved.signed_sha256) == (State.EDITING, 2, None)
    body = "Ten pots stand where loaves waited, and the ovens are cold."
    revising.deliver(session, approved.id, cast.editor, Text(approved.title, body, approved.text_number))
    operations.sign(session, approved.id, cast.sponsor, sha256=revising.head_text(session, approved).sha256)
    session.commit()

    refused = sponsor.post(f"/documents/{approved.id}/publish", data={"how": "now"})
    assert (refused.status_code, "Please enter the note." in refused.text) == (400, True)
    post(sponsor, approved, "publish", how="now", note="We said eleven pots; there are ten.")
    page = stranger.get(path(session, approved))
    assert "We said eleven pots; there are ten." in page.text
    assert "Ten pots stand" in page.text
    facts = structured(page)
    assert facts["correction"][0]["text"] == "We said eleven pots; there are ten."
    assert facts["dateModified"] > facts["datePublished"]
    older = stranger.get(path(session, approved, 1))
    assert "This is an older edition." in older.text
    assert "The ovens are cold now." in older.text
    assert "We said eleven" not in older.text


def test_the_next_edition_can_be_given_up(session, cast, approved, sponsor):
    publishing.publish(session, approved.id, cast.sponsor)
    publishing.reopen(session, approved.id, cast.sponsor, Change.UPDATE, reason="More pots.")
    revising.save(session, approved.id, cast.editor, Text("Another title", "Something else.", approved.text_number))
    session.commit()
    signed = editions.current(session, approved.id).sha256
    post(sponsor, approved, "keep-edition")
    session.refresh(approved)
    assert (approved.state, approved.reopened_for, approved.signed_sha256) == (State.PUBLISHED, None, signed)
    assert revising.head_text(session, approved).body.endswith("The ovens are cold now.")
    assert "Something else." in [one.body for one in approved.revisions]


def test_retracted_the_page_says_so_and_keeps_the_text(session, cast, approved, sponsor, stranger):
    publishing.publish(session, approved.id, cast.sponsor)
    session.commit()
    assert sponsor.post(f"/documents/{approved.id}/retract", data={"why": " "}).status_code == 400
    post(sponsor, approved, "retract", why="The show never took place.")
    page = stranger.get(path(session, approved))
    assert "This text was retracted" in page.text
    assert "The show never took place." in page.text
    assert structured(page)["creativeWorkStatus"] == "Retracted"
    assert notices(session, cast.editor)[-2:] == [Kind.PUBLISHED, Kind.RETRACTED]


def test_an_emergency_is_marked_until_another_person_stands_for_it(session, cast, make_document, as_person, stranger):
    document = make_document("signoff")
    session.commit()
    admin = as_person(cast.admin)
    post(admin, document, "publish-in-emergency", why="The gallery floods.")
    session.refresh(document)
    edition = editions.current(session, document.id)
    assert (document.signed_sha256, edition.responsible_id, edition.unconfirmed) == (None, None, True)
    assert "nobody" in edition.label
    page = stranger.get(path(session, document))
    assert "Nobody yet. It was published in an emergency." in page.text
    assert 'data-role="machine-label"' in page.text
    refused = admin.post(f"/documents/{document.id}/stand-for-it")
    assert refused.status_code == 403
    post(as_person(cast.sponsor), document, "stand-for-it")
    page = stranger.get(path(session, document))
    assert "Nobody yet." not in page.text
    session.refresh(edition)
    assert "nobody" not in edition.label


def test_what_readers_get_is_never_the_authors_html(session, cast, make_document, stranger):
    document = make_document("editing")
    revising.deliver(
        session,
        document.id,
        cast.editor,
        Text("</script>" + HTML, f"{HTML}\n\n{journeys.prose(20)}", document.text_number),
    )
    operations.sign(session, document.id, cast.sponsor, sha256=revising.head_text(session, document).sha256)
    publishing.publish(session, document.id, cast.sponsor)
    session.commit()
    for url in (path(session, document), path(session, document, 1), path(session, document, 1) + "/hands"):
        text = stranger.get(url).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'href="javascript' not in text
    assert "<strong>bold</strong>" in stranger.get(path(session, document)).text


def test_a_question_waits_for_its_answer(session, cast, make_document, as_person):
    document = make_document("editing")
    session.commit()
    editor, sponsor = as_person(cast.editor), as_person(cast.sponsor)
    assert editor.post(f"/documents/{document.id}/ask", data={"words": ""}).status_code == 400
    post(editor, document, "ask", words="Which kiln was it?")
    assert "Which kiln was it?" in sponsor.get(f"/documents/{document.id}").text
    post(sponsor, document, "answer", words="The old one.")
    session.refresh(document)
    assert document.state is State.EDITING
    assert "The old one." in editor.get(f"/documents/{document.id}").text
    told = {(mail.recipient, mail.subject) for mail in session.scalars(select(Mail))}
    assert {
        (cast.sponsor.email, f"A question: {document.title}"),
        (cast.editor.email, f"Answered: {document.title}"),
    } <= told


def test_there_is_nothing_to_read_before_publication(session, approved, stranger):
    page = editions.page_of(session, approved)
    session.commit()
    assert stranger.get(f"/read/{page.slug}", query_string={"key": page.key}).status_code == 404
    assert stranger.get("/read/no-such-page").status_code == 404


def test_the_feed_tells_of_public_texts_and_of_nothing_else(session, cast, make_document, stranger):
    public, linked, retracted = (make_document("approved", title=f"“{name}” & <more>") for name in ("A", "B", "C"))
    publishing.publish(session, public.id, cast.sponsor)
    publishing.publish(session, linked.id, cast.sponsor, publishing.Times(for_all=False))
    publishing.publish(session, retracted.id, cast.sponsor)
    publishing.retract(session, retracted.id, cast.sponsor, note="It was <b>wrong</b>.")
    make_document("approved", title="Never out")
    session.commit()
    answer = stranger.get("/read/feed.atom")
    assert answer.mimetype == "application/atom+xml"
    tree = ElementTree.fromstring(answer.data)
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [entry.findtext(f"{atom}title") for entry in tree.findall(f"{atom}entry")]
    assert titles == ["Retracted: “C” & <more>", "“A” & <more>"]
    assert tree.find(f"{atom}entry/{atom}summary").text.strip() == "It was <b>wrong</b>."
    link = tree.findall(f"{atom}entry")[1].find(f"{atom}link").get("href")
    assert stranger.get(link.removeprefix("http://localhost")).status_code == 200


def test_the_disclosure_report_has_a_line_for_every_edition(session, cast, make_document, as_person):
    document = make_document("published", title="=HYPERLINK(1)")
    round_again(session, document, cast, "Ten pots stand where loaves waited, and the ovens are cold.")
    publishing.publish(session, document.id, cast.sponsor, note="Ten, not eleven.")
    session.commit()
    admin = as_person(cast.admin)
    page = admin.get("/admin/disclosure").text
    assert (page.count("edition 1"), page.count("edition 2")) == (1, 1)
    assert "replaced" in page
    rows = list(csv.DictReader(io.StringIO(admin.get("/admin/disclosure.csv").text)))
    assert [(row["edition"], row["state"], row["change"]) for row in rows] == [
        ("2", "live", "correction"), ("1", "replaced", ""),
    ]  # fmt: skip
    assert {row["title"] for row in rows} == {"'=HYPERLINK(1)"}
    assert {row["responsible"] for row in rows} == {"Ruth Okafor"}
    assert all(0 <= int(row["machine_percent"]) <= 100 for row in rows)


@pytest.mark.parametrize("slug", ["%00", "a%00b", "%5B%00", "a%0Ab", "%ED%A0%80", "'--"])
@pytest.mark.parametrize("path", ["/read/{}", "/read/{}/1", "/read/{}/1/hands", "/read/{}/1.md"])
def test_no_page_has_such_a_name(client, slug, path):
    assert client.get(path.format(slug)).status_code == 404
