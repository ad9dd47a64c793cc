"""Sign-off on its pages: changes one by one, to-dos, the statement, the link of a letter; what is refused, and how."""

import csv
import io
import re
import uuid

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from copydesk.documents import chain, operations, publishing, revising
from copydesk.documents.editions import PublicPage
from copydesk.documents.models import State
from copydesk.documents.revising import Text
from copydesk.documents.signoff import changes, decisions, links, statements
from copydesk.documents.signoff.statements import Said
from copydesk.documents.signoff.tables import SignLink, Verdict
from copydesk.documents.workflow import Act
from copydesk.mail.outbox import Mail
from copydesk.notifications.models import Notice
from tests import journeys

DRAFT = "The bakery smells of flour. The ovens are cold. Nobody has the key to the yard."
DELIVERED = "The <b>old</b> bakery smells of flour. The ovens are warm. Nobody has the key to the yard."


@pytest.fixture
def document(session, cast, make_document):
    document = make_document("editing", text=DRAFT)
    deliver(session, document, cast.editor, DELIVERED)
    session.commit()
    return document


def deliver(session, document, editor, body):
    revising.deliver(session, document.id, editor, Text(document.title, body, journeys.head(session, document)))
    session.commit()


@pytest.fixture
def sponsor(document, cast, as_person):
    return as_person(cast.sponsor)


def change_of(session, document, after):
    head = revising.head_text(session, document)
    found = changes.between(changes.base_of(session, document), head)
    change = next(one for one in found if one.after.strip() == after)
    return {"sha256": head.sha256, "fingerprint": change.fingerprint}


def refuse(session, document, client, after="warm", reason="They were cold."):
    typed = change_of(session, document, after) | {"verdict": "refuse", "reason": reason}
    answer = client.post(f"/documents/{document.id}/sign-off?then=2", data=typed)
    session.expire_all()
    return answer


def approve(session, document, client, **typed):
    sha256 = revising.head_text(session, document).sha256
    answer = client.post(f"/documents/{document.id}/approve", data={"sha256": sha256} | typed)
    session.expire_all()
    return answer


# Changes


def test_the_card_counts_the_changes_and_leads_to_them(document, sponsor):
    page = sponsor.get(f"/documents/{document.id}").text
    assert f'href="/documents/{document.id}/sign-off">2 changes' in page
    assert "since the machine’s draft" in page


def test_every_change_is_listed_with_what_can_be_done(document, sponsor):
    page = sponsor.get(f"/documents/{document.id}/sign-off").text
    assert page.count('data-change="') == 2
    assert "&lt;b&gt;old&lt;/b&gt;" in page
    assert "<b>old</b>" not in page
    assert page.count('value="accept"') == page.count('value="refuse"') == 2
    assert "0 refused, 0 accepted, 2 open" in page


def test_a_decision_is_kept_and_others_see_it(session, document, sponsor, cast, as_person):
    answer = refuse(session, document, sponsor, reason="<i>Cold</i>, I said.")
    assert answer.headers["Location"].endswith("/sign-off?page=1#c2")
    for client in (as_person(cast.sponsor), as_person(cast.editor), as_person(cast.admin)):
        page = client.get(f"/documents/{document.id}/sign-off").text
        assert "1 refused, 0 accepted, 1 open" in page
        assert "&lt;i&gt;Cold&lt;/i&gt;, I said." in page
    assert 'value="refuse"' not in as_person(cast.editor).get(f"/documents/{document.id}/sign-off").text


def test_a_refusal_without_a_reason_comes_back_with_the_words_to_say_so(session, document, sponsor):
    answer = refuse(session, document, sponsor, reason="  ")
    assert answer.status_code == 400
    assert "Please enter the reason." in answer.text
    assert "aria-invalid" in answer.text
    long = refuse(session, document, sponsor, reason="x" * 501)
    assert long.status_code == 303
    assert decisions.everything(session, document.id) == []


def test_accept_all_and_decide_again(session, document, sponsor):
    url = f"/documents/{document.id}/sign-off"
    sha256 = revising.head_text(session, document).sha256
    assert "Accept all" in sponsor.get(url).text
    page = sponsor.post(f"{url}/accept-rest", data={"sha256": sha256}, follow_redirects=True).text
    assert "Accepted: 2 changes. Nothing is signed yet." in page
    assert "0 refused, 2 accepted, 0 open" in page
    sponsor.post(url, data=change_of(session, document, "warm") | {"verdict": "open"})
    assert "0 refused, 1 accepted, 1 open" in sponsor.get(url).text


@pytest.mark.parametrize("typed", [{}, {"verdict": "both"}, {"verdict": "refuse", "reason": "x" * 501}])
def test_what_is_no_decision_decides_nothing(session, document, sponsor, typed):
    answer = sponsor.post(f"/documents/{document.id}/sign-off", data=change_of(session, document, "warm") | typed)
    assert answer.status_code == 303
    assert decisions.everything(session, document.id) == []


def test_a_stale_page_decides_nothing(session, document, sponsor):
    typed = change_of(session, document, "warm") | {"sha256": "0" * 64, "verdict": "accept"}
    assert sponsor.post(f"/documents/{document.id}/sign-off", data=typed).status_code == 409


def test_elsewhere_there_is_nothing_to_decide(session, make_document, cast, as_person):
    document = make_document("editing")
    session.commit()
    answer = as_person(cast.sponsor).get(f"/documents/{document.id}/sign-off")
    assert answer.headers["Location"].endswith(f"/documents/{document.id}")


def test_a_long_list_comes_in_pages(session, make_document, cast, as_person):
    words = [f"Word{number} is here." for number in range(150)]
    document = make_document("editing", text="\n\n".join(words))
    deliver(session, document, cast.editor, "\n\n".join(f"{one} It stays, said {n}." for n, one in enumerate(words)))
    client = as_person(cast.sponsor)
    first = client.get(f"/documents/{document.id}/sign-off").text
    last = client.get(f"/documents/{document.id}/sign-off?page=99").text
    assert first.count('data-change="') == 100
    assert last.count('data-change="') == 50
    assert "Page 2 of 2" in last


def test_questions_to_the_database_do_not_grow_with_decisions(session, document, sponsor, count_queries):
    def asked():
        with count_queries() as statements_sent:
            assert sponsor.get(f"/documents/{document.id}/sign-off").status_code == 200
        return len(statements_sent)

    before = asked()
    refuse(session, document, sponsor)
    assert asked() <= before + 1


# To-dos


def test_refused_changes_go_back_as_a_list_and_come_again(session, document, sponsor, cast, as_person):
    editor = as_person(cast.editor)
    refuse(session, document, sponsor)
    assert "While something is refused you can’t approve" in sponsor.get(f"/documents/{document.id}").text
    refused = approve(session, document, sponsor)
    assert refused.status_code == 409
    assert "One change is refused" in refused.text
    assert sponsor.post(f"/documents/{document.id}/request-changes", data={"comment": ""}).status_code == 303

    page = editor.get(f"/documents/{document.id}").text
    card = re.search(r'<section[^>]*id="to-do".*?</section>', page, re.DOTALL)[0]
    assert "Still there" in card
    assert "They were cold." in card
    (kept,) = decisions.everything(session, document.id)
    todo = f"/documents/{document.id}/to-do/{kept.id}"
    assert "Please enter the reason." in editor.post(todo, data={"verdict": "stays"}, follow_redirects=True).text
    page = editor.post(todo, data={"verdict": "stays", "reason": "I <u>felt</u> them."}, follow_redirects=True).text
    assert "it stays, because I &lt;u&gt;felt&lt;/u&gt; them." in page

    deliver(session, document, cast.editor, DELIVERED + " It rains.")
    page = sponsor.get(f"/documents/{document.id}/sign-off").text
    assert "What was refused before" in page
    assert "It may stay" in page
    assert approve(session, document, sponsor).status_code == 409
    assert sponsor.post(f"{todo}/let-stay").status_code == 303
    assert approve(session, document, sponsor).status_code == 303


def test_only_the_editor_answers_and_only_the_sponsor_lets_it_stay(session, document, sponsor, cast, as_person):
    refuse(session, document, sponsor)
    operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor)
    session.commit()
    (kept,) = decisions.everything(session, document.id)
    todo = f"/documents/{document.id}/to-do/{kept.id}"
    assert sponsor.post(todo, data={"verdict": "done"}).status_code == 403
    assert as_person(cast.editor).post(f"{todo}/let-stay").status_code == 403
    assert as_person(cast.other_editor).post(todo, data={"verdict": "done"}).status_code == 404
    assert sponsor.post(f"{todo}/let-stay").status_code == 409  # the text is with the editor
    assert as_person(cast.editor).post(f"/documents/{document.id}/to-do/0", data={"verdict": "done"}).status_code == 409


# The statement


def test_the_signature_names_somebody_else(session, document, sponsor, cast, as_person, client):
    answer = approve(
        session,
        document,
        sponsor,
        responsible_name="Ines <Marr>",
        responsible_role="Head of culture",
        examined="I called the baker.",
    )
    assert answer.status_code == 303
    page = sponsor.get(f"/documents/{document.id}/record").text
    assert "Every link of this record holds." in page
    assert "Ines &lt;Marr&gt;, Head of culture" in page
    assert "I called the baker." in page
    made = sponsor.get(f"/documents/{document.id}/record.json").json["statements"]
    assert [one["responsible"] for one in made] == [{"person": None, "name": "Ines <Marr>", "role": "Head of culture"}]
    publishing.publish(session, document.id, cast.sponsor)
    session.commit()
    read = client.get(f"/read/{session.get(PublicPage, document.id).slug}").text
    found = re.search(r'data-role="responsible">(.*?)</dd>', read, re.DOTALL)[1]
    assert "Ines &lt;Marr&gt;, Head of culture; signed by Ruth Okafor" in " ".join(found.split())
    assert "accuracy, plausibility and sources were examined" in found
    table = csv.DictReader(io.StringIO(as_person(cast.admin).get("/admin/disclosure.csv").text))
    (row,) = list(table)
    assert (row["responsible"], row["signed_by"], row["statement"]) == (
        "Ines <Marr>",
        "Ruth Okafor",
        "I called the baker.",
    )


def test_half_a_name_comes_back_with_what_is_missing(session, document, sponsor):
    answer = approve(session, document, sponsor, responsible_name="Ines Marr")
    assert answer.status_code == 400
    assert "Please enter the role." in answer.text
    assert 'value="Ines Marr"' in answer.text
    assert document.state is State.SIGNOFF


def test_the_form_offers_the_texts_own_people(document, sponsor, cast):
    page = sponsor.get(f"/documents/{document.id}").text
    offered = re.search(r'<select[^>]*name="responsible".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="(\d+)"', offered) == [str(one.id) for one in (cast.sponsor, cast.editor, cast.admin)]


@pytest.mark.parametrize("chosen", ["", "x", "9" * 30, "-1"])
def test_without_a_choice_the_signer_is_responsible(session, document, sponsor, chosen):
    assert approve(session, document, sponsor, responsible=chosen).status_code == 303
    assert statements.in_force(session, document).responsible_name == "Ruth Okafor"


def test_who_stands_for_an_emergency_reads_what_they_state(session, document, sponsor, cast):
    publishing.publish_in_emergency(session, document.id, cast.admin, reason="A flood.")
    session.commit()
    page = sponsor.get(f"/documents/{document.id}").text
    assert "By standing for it you state" in page
    assert sponsor.post(f"/documents/{document.id}/stand-for-it").status_code == 303
    page = sponsor.get(f"/documents/{document.id}").text
    assert "By standing for it" not in page
    assert len(statements.everything(session, document.id)) == 1


# The link of a letter


@pytest.fixture
def secret(session, document):
    return secret_of(session)


def secret_of(session):
    bodies = [one.body for one in session.scalars(select(Mail).order_by(Mail.id)) if "/sign/" in one.body]
    return re.search(r"/sign/(\S+)", bodies[-1])[1]


def test_opening_the_link_ten_times_signs_nothing_and_writes_nothing(session, document, client, secret, count_queries):
    with count_queries() as sent:
        for method in ("get", "head", "get", "options", "get", "get", "head", "get", "get", "get"):
            assert getattr(client, method)(f"/sign/{secret}").status_code == 200
    assert not [one for one in sent if one.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    session.expire_all()
    assert (document.state, session.scalars(select(SignLink)).one().used_at) == (State.SIGNOFF, None)


def test_the_page_shows_text_changes_and_statement_to_whoever_has_the_link(document, client, secret):
    answer = client.get(f"/sign/{secret}")
    page = answer.text
    for words in ("The ovens are warm.", "2 changes", "since the machine’s draft", "Accuracy", "Ruth Okafor"):
        assert words in page
    assert page.count('<button type="submit" class="btn btn-go') == 1
    assert "<b>old</b>" not in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_button_signs_once_and_logs_nobody_in(session, document, client, secret):
    answer = client.post(f"/sign/{secret}", data={"examined": "I called the baker."})
    assert answer.headers["Location"].endswith(f"/sign/{secret}")
    session.expire_all()
    assert (document.state, document.signed_by.name) == (State.APPROVED, "Ruth Okafor")
    made = statements.in_force(session, document)
    assert (made.by_link, made.examined) == (True, "I called the baker.")
    done = client.get(f"/sign/{secret}")
    assert "You signed this text" in done.text
    assert "The ovens are warm." not in done.text
    again = client.post(f"/sign/{secret}")
    assert "You signed this text" in again.text
    assert len(statements.everything(session, document.id)) == 1
    for address in (f"/documents/{document.id}", "/documents", f"/documents/{document.id}/record.json"):
        assert client.get(address).status_code in (302, 401)


def test_no_token_of_a_form_is_needed_because_the_address_is_the_secret(session, app, document, client, secret):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post(f"/sign/{secret}").status_code == 303
        assert client.post(f"/documents/{document.id}/approve").status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_another_person_who_is_logged_in_does_not_sign_with_it(session, document, cast, as_person, secret):
    for one in (cast.editor, cast.other_sponsor, cast.admin):
        client = as_person(one)
        assert client.get(f"/sign/{secret}").status_code == 403
        assert client.post(f"/sign/{secret}").status_code == 403
    session.expire_all()
    assert document.state is State.SIGNOFF
    assert as_person(cast.sponsor).post(f"/sign/{secret}").status_code == 303


def test_a_dead_link_says_why_and_shows_no_word_of_the_text(session, document, cast, client, secret):
    operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor, comment="Colder.")
    session.commit()
    deliver(session, document, cast.editor, DELIVERED + " It rains.")
    for answer in (client.get(f"/sign/{secret}"), client.post(f"/sign/{secret}")):
        assert answer.status_code == 410
        assert "The text was changed since this letter was sent" in answer.text
        assert "ovens" not in answer.text
        assert document.title not in answer.text
    session.expire_all()
    assert document.state is State.SIGNOFF
    assert client.post(f"/sign/{secret_of(session)}").status_code == 303


def test_an_expired_link_and_a_suspended_persons_sign_nothing(session, document, cast, client, secret):
    link = links.find(session, secret)
    until, link.expires_at = link.expires_at, link.created_at
    session.commit()
    assert "has expired" in client.post(f"/sign/{secret}").text
    link.expires_at = until
    cast.sponsor.status, cast.sponsor.status_reason = "suspended", "The tests say so."
    session.commit()
    for answer in (client.get(f"/sign/{secret}"), client.post(f"/sign/{secret}")):
        assert answer.status_code == 410
    session.expire_all()
    assert document.state is State.SIGNOFF


def test_what_was_refused_at_the_desk_is_not_signed_by_letter(session, document, sponsor, client, secret):
    refuse(session, document, sponsor)
    page = client.get(f"/sign/{secret}").text
    assert "You refused something in this text" in page
    assert "Approve<" not in page
    assert client.post(f"/sign/{secret}").status_code == 410
    session.expire_all()
    assert (document.state, links.find(session, secret).used_at) == (State.SIGNOFF, None)


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 3000, "%00", "..%2f"])
def test_a_guess_is_not_found(document, client, token):
    answer = client.get(f"/sign/{token}")
    assert answer.status_code == 404
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert client.post(f"/sign/{token}").status_code == 404


def test_the_secret_stands_in_no_log_and_no_notice(session, document, client, secret):
    with capture_logs() as lines:
        client.get(f"/sign/{secret}")
        client.post(f"/sign/{secret}", data={"examined": "x" * 3000})
    assert [one["path"] for one in lines if one["event"] == "request"] == ["/sign/…", "/sign/…"]
    assert secret not in str(lines)
    assert secret not in str([one.words + one.address for one in session.scalars(select(Notice))])


# Another sponsor


def test_an_admin_makes_another_person_the_sponsor(session, document, cast, as_person):
    admin, url = as_person(cast.admin), f"/documents/{document.id}/hand-over"
    assert url in admin.get(f"/documents/{document.id}").text
    page = admin.get(url).text
    assert "Olaf Other" in page
    assert "Pia Pending" not in page
    assert admin.post(url, data={"sponsor": str(cast.other_sponsor.id), "reason": " "}).status_code == 400
    assert admin.post(url, data={"sponsor": "x", "reason": "Away."}).status_code == 400
    assert admin.post(url, data={"sponsor": str(cast.editor.id), "reason": "Away."}).status_code == 400
    assert admin.post(url, data={"sponsor": str(cast.other_sponsor.id), "reason": "Away."}).status_code == 303
    session.expire_all()
    assert document.sponsor_id == cast.other_sponsor.id
    assert as_person(cast.sponsor).get(f"/documents/{document.id}").status_code == 404
    assert approve(session, document, as_person(cast.other_sponsor)).status_code == 303


def test_the_record_holds_with_everything_that_was_decided(session, document, sponsor, cast):
    refuse(session, document, sponsor)
    operations.move(session, document.id, Act.REQUEST_CHANGES, cast.sponsor, comment="Colder.")
    deliver(session, document, cast.editor, DELIVERED.replace("warm", "cold"))
    operations.sign(
        session,
        document.id,
        cast.sponsor,
        sha256=revising.head_text(session, document).sha256,
        said=Said(person_id=cast.editor.id),
    )
    session.commit()
    record = sponsor.get(f"/documents/{document.id}/record.json").json
    assert [(one["after"].strip(), one["verdict"]) for one in record["decisions"]] == [("warm", Verdict.REFUSED.value)]
    page = sponsor.get(f"/documents/{document.id}/record").text
    assert "Every link of this record holds." in page
    assert "1 decision, 1 statement" in page
    assert "They were cold." in page
    assert session.scalar(select(func.count()).where(SignLink.document_id == document.id)) == 2
    assert uuid.UUID(record["document"]) == document.id
    assert chain.first_broken(chain.revisions(session, document.id)) is None
