"""Webhooks on the desk: the admin's pages, and what publication queues in its own transaction."""

import datetime as dt
import json
import re

import jsonschema
import pytest
from sqlalchemy import select, text, update

from copydesk import audit
from copydesk.autodocs import announcements
from copydesk.documents import editions, operations, publishing, revising
from copydesk.documents.models import Change
from copydesk.documents.revising import Text
from copydesk.webhooks import operations as webhooks
from copydesk.webhooks.models import Delivery, DeliveryState, Event, Webhook
from tests.desk import ROOT

URL = "https://site.example.org/hook"
ALL = [one.value for one in webhooks.CHOICES]
SCHEMA = json.loads((ROOT / "docs/webhooks.schema.json").read_text())


@pytest.fixture
def hook(session, cast):
    return webhooks.add(session, cast.admin, URL, ALL)


@pytest.fixture
def admin(session, cast, as_person):
    session.commit()
    return as_person(cast.admin)


def told(session, document):
    query = select(Delivery).where(Delivery.document_id == document.id).order_by(Delivery.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def queued(session):
    found = session.execute(text("SELECT args, scheduled_at FROM procrastinate_jobs WHERE task_name = 'send_webhook'"))
    return {row.args["delivery_id"]: row.scheduled_at for row in found}


def round_again(session, document, cast, change=Change.CORRECTION):
    publishing.reopen(session, document.id, cast.sponsor, change, reason="The kiln was another.")
    body = f"Pots stand where loaves waited, in round {document.round}."
    revising.deliver(session, document.id, cast.editor, Text(document.title, body, document.text_number))
    operations.sign(session, document.id, cast.sponsor, sha256=revising.head_text(session, document).sha256)


def test_the_secret_is_shown_once(session, cast, admin):
    page = admin.post("/admin/webhooks", data={"url": URL, "events": ALL})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    secret = re.search(r'data-role="secret"[^>]*>(whsec_[^<]+)<', page.text)[1]
    hook = session.scalars(select(Webhook)).one()
    assert "whsec_" not in admin.get(f"/admin/webhooks/{hook.id}").text
    assert URL in admin.get("/admin/webhooks").text
    assert "webhook.added" in {one.action for one in audit.history(session, "webhook", hook.id)}

    page = admin.post(f"/admin/webhooks/{hook.id}/secret").text
    assert re.search(r"whsec_[^<]+", page)[0] != secret
    assert "works beside it for 24 hours" in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"url": "", "events": ALL}, "enter an address"),
        ({"url": "http://site.example.org/", "events": ALL}, "begin with https://"),
        ({"url": URL, "events": []}, "choose at least one"),
        ({"url": URL, "events": ["test"]}, "not a valid choice"),
    ],
)
def test_a_webhook_that_can_not_be_is_explained(session, admin, typed, says):
    page = admin.post("/admin/webhooks", data=typed)
    assert page.status_code == 400
    assert re.search(says, page.text)
    assert session.scalars(select(Webhook)).all() == []


def test_an_address_stands_once_and_there_is_a_most(session, cast, admin, hook, monkeypatch):
    session.commit()
    assert "already" in admin.post("/admin/webhooks", data={"url": URL, "events": ALL}).text
    monkeypatch.setattr(webhooks, "MOST", 1)
    assert "which is the most" in admin.post("/admin/webhooks", data={"url": URL + "/2", "events": ALL}).text


def test_acts_of_the_admin_are_done_and_in_the_audit_log(session, cast, admin, hook):
    session.commit()
    at = f"/admin/webhooks/{hook.id}"
    assert admin.post(f"{at}/events", data={"events": ["text.retracted"]}).status_code == 303
    assert admin.post(f"{at}/events", data={"events": []}).status_code == 303
    assert "choose at least one" in admin.get(at).text
    admin.post(f"{at}/switch", data={"on": ""})
    session.refresh(hook)
    assert (hook.events, hook.is_on) == (["text.retracted"], False)
    admin.post(f"{at}/test")
    (delivery,) = session.scalars(select(Delivery))
    assert delivery.event is Event.TEST
    assert "waits to be sent already" in admin.post(
        f"{at}/deliveries/{delivery.id}/resend", follow_redirects=True
    ).text.replace("&#39;", "'")
    delivery.state, delivery.tries = DeliveryState.FAILED, 4
    session.commit()
    admin.post(f"{at}/deliveries/{delivery.id}/resend")
    session.refresh(delivery)
    assert (delivery.state, delivery.tries) == (DeliveryState.WAITING, 0)
    done = [one.action for one in audit.history(session, "webhook", hook.id)]
    assert done == ["webhook." + one for one in ("added", "changed", "switched_off", "tested", "resent")]
    admin.post(f"{at}/remove")
    assert session.scalars(select(Delivery)).all() == []
    assert admin.get(at).status_code == 303


def test_publication_and_its_message_are_one_transaction(session, cast, hook, make_document):
    document = make_document("approved")
    with session.begin_nested() as savepoint:
        publishing.publish(session, document.id, cast.sponsor)
        assert len(told(session, document)) == 1
        savepoint.rollback()
    assert (told(session, document), queued(session)) == ([], {})
    session.expire_all()
    publishing.publish(session, document.id, cast.sponsor)
    (delivery,) = told(session, document)
    assert (delivery.event, delivery.edition, delivery.state) == (Event.PUBLISHED, 1, DeliveryState.WAITING)
    assert queued(session) == {delivery.id: None}


def test_each_act_is_told_to_whoever_wants_it(session, cast, hook, make_document):
    webhooks.add(session, cast.admin, URL + "/off", ALL)
    off = webhooks.everything(session)[1]
    webhooks.switch(session, cast.admin, off.id, on=False)
    webhooks.add(session, cast.admin, URL + "/retractions", ["text.retracted"])
    document = make_document("published")
    for change in (Change.CORRECTION, Change.UPDATE):
        session.execute(update(Delivery).values(state=DeliveryState.DELIVERED))
        round_again(session, document, cast, change)
        publishing.publish(session, document.id, cast.sponsor, note="Another kiln.")
    publishing.retract(session, document.id, cast.sponsor, note="All wrong.")
    mine = [one for one in told(session, document) if one.webhook_id == hook.id]
    assert [(one.event.value, one.edition) for one in mine] == [
        ("text.published", 1), ("text.corrected", 2), ("text.updated", 3), ("text.retracted", 3),
    ]  # fmt: skip
    # What nobody was told yet is not told any more: the text is gone before anyone heard of its update.
    assert [one.state.value for one in mine] == ["delivered", "delivered", "dropped", "waiting"]
    others = [one for one in told(session, document) if one.webhook_id != hook.id]
    assert [one.event.value for one in others] == ["text.retracted"]


def test_with_the_link_only_nothing_is_told(session, cast, hook, make_document):
    document = make_document("approved")
    publishing.publish(session, document.id, cast.sponsor, publishing.Times(for_all=False))
    assert told(session, document) == []
    publishing.open_to_all(session, document.id, cast.sponsor)
    assert [one.event for one in told(session, document)] == [Event.PUBLISHED]

    hidden = make_document("approved")
    publishing.publish(session, hidden.id, cast.sponsor, publishing.Times(for_all=False))
    publishing.retract(session, hidden.id, cast.sponsor, note="Wrong.")
    assert told(session, hidden) == []


def test_an_embargo_holds_the_message_until_it_ends(session, cast, hook, make_document):
    later = editions.now(session) + dt.timedelta(hours=3)
    document = make_document("approved")
    publishing.publish(session, document.id, cast.sponsor, publishing.Times(public_at=later))
    (delivery,) = told(session, document)
    assert delivery.next_at == queued(session)[delivery.id] == later
    assert announcements.build(session, delivery) is None
    publishing.open_to_all(session, document.id, cast.sponsor)
    (delivery,) = told(session, document)
    assert delivery.next_at < later
    assert announcements.build(session, delivery) is not None


def test_what_is_told_is_what_the_schema_says(session, cast, hook, make_document):
    document = make_document("published", title="“Pots” & <more>")
    round_again(session, document, cast)
    publishing.publish(session, document.id, cast.sponsor, note="Another <kiln>.")
    editions.current(session, document.id).label = ["unread"]
    session.flush()
    corrected = json.loads(announcements.build(session, told(session, document)[-1]))
    jsonschema.validate(corrected, SCHEMA)
    data = corrected["data"]
    assert (corrected["type"], data["edition"], data["change"]) == ("text.corrected", 2, "correction")
    assert (data["note"], data["title"]) == ("Another <kiln>.", "“Pots” & <more>")
    assert data["responsible"]["name"] == "Ruth Okafor"
    assert data["url"].endswith(f"/read/{data['slug']}")
    assert data["label"] == ["A machine wrote passages of this text that no person has changed or reviewed."]
    assert data["label"][0] in data["html"]
    assert data["label"][0] not in data["html_text_only"]
    assert "Another &lt;kiln&gt;." in data["html"]
    assert "in round 2" in data["markdown"]

    publishing.retract(session, document.id, cast.sponsor, note="All wrong.")
    retracted = json.loads(announcements.build(session, told(session, document)[-1]))
    jsonschema.validate(retracted, SCHEMA)
    assert (retracted["data"]["state"], retracted["data"]["retraction"]) == ("retracted", "All wrong.")
    assert (retracted["data"]["markdown"], retracted["data"]["html_text_only"]) == ("", "")
    assert "in round 2" not in json.dumps(retracted)

    test = json.loads(announcements.build(session, webhooks.send_test(session, cast.admin, hook.id)))
    jsonschema.validate(test, SCHEMA)
    for wrong in ({"type": "text.corrected", **test}, corrected | {"data": {**data, "edition": "2"}}, {"data": {}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong | {"more": 1} if wrong.get("type") == "test" else wrong, SCHEMA)


def test_a_label_that_goes_is_told_as_an_update(session, cast, hook, make_document, make_person):
    document = make_document("approved")
    publishing.publish_in_emergency(session, document.id, cast.admin, reason="Flood warning.")
    other = make_person("Hanna Second", "admin")
    publishing.confirm_emergency(session, document.id, other)
    assert [one.event for one in told(session, document)] == [Event.PUBLISHED, Event.UPDATED]
