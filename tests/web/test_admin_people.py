"""The admin's care for people: several at once, undo, notes, roles, invitations; and leaving the desk."""

import re

import pytest
from sqlalchemy import select

from copydesk.accounts.invitations import Invitation
from copydesk.accounts.models import Role, Status
from copydesk.audit import AuditEvent
from copydesk.mail import Mail
from tests.conftest import PASSWORD
from tests.web.test_accounts import NEW, actions, find, is_in, log_in
from tests.web.test_second_steps import make_stale, with_app


def letter(session, address):
    return session.scalars(select(Mail.body).where(Mail.recipient == address).order_by(Mail.id.desc())).first()


# Requests


def test_several_requests_get_one_answer(session, cast, as_person, make_person):
    asked = [make_person(f"Asks {number}", "editor", "pending") for number in range(3)]
    session.commit()
    admin = as_person(cast.admin)
    page = admin.post(
        "/admin/signups/several",
        data={"user": [str(asked[0].id), str(asked[1].id), "x", str(cast.editor.id)], "act": "approve"},
        follow_redirects=True,
    )
    assert "2 people were let in." in page.text
    session.expire_all()
    assert [one.status for one in asked] == [Status.APPROVED, Status.APPROVED, Status.PENDING]
    assert [actions(session, one).count("account.approved") for one in asked] == [1, 1, 0]


def test_several_are_declined_with_one_reason(session, cast, as_person):
    session.commit()
    admin, data = as_person(cast.admin), {"user": str(cast.pending.id), "act": "reject"}
    assert "Please give a reason" in admin.post("/admin/signups/several", data=data, follow_redirects=True).text
    admin.post("/admin/signups/several", data=data | {"reason": "We know none of you."})
    session.expire_all()
    assert (cast.pending.status, cast.pending.status_reason) == (Status.REJECTED, "We know none of you.")
    assert "We know none of you." in letter(session, cast.pending.email)


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_an_answer_is_taken_back(session, cast, as_person, answer):
    session.commit()
    admin = as_person(cast.admin)
    admin.post(f"/admin/signups/{cast.pending.id}/{answer}", data={"reason": "No."})
    assert f"/admin/signups/{cast.pending.id}/undo" in admin.get("/admin/signups?tab=decided").text
    admin.post(f"/admin/signups/{cast.pending.id}/undo")
    session.expire_all()
    assert cast.pending.status is Status.PENDING
    assert "taken back" in letter(session, cast.pending.email)
    assert admin.post(f"/admin/signups/{cast.pending.id}/undo").status_code == 409


def test_only_whoever_answered_takes_it_back_and_not_for_long(session, cast, as_person, make_person, monkeypatch):
    other = make_person("Second Admin", "admin")
    session.commit()
    admin = as_person(cast.admin)
    admin.post(f"/admin/signups/{cast.pending.id}/approve")
    assert as_person(other).post(f"/admin/signups/{cast.pending.id}/undo").status_code == 409
    monkeypatch.setattr("copydesk.accounts.operations.UNDO_WITHIN", __import__("datetime").timedelta(0))
    assert admin.post(f"/admin/signups/{cast.pending.id}/undo").status_code == 409
    session.expire_all()
    assert cast.pending.status is Status.APPROVED


def test_a_note_is_for_the_admins(session, cast, as_person):
    session.commit()
    admin = as_person(cast.admin)
    admin.post(f"/admin/users/{cast.pending.id}/note", data={"note": "Knows <b>Ruth</b>.", "from": "signups"})
    assert "Knows &lt;b&gt;Ruth&lt;/b&gt;." in admin.get("/admin/signups").text
    assert "Knows" in admin.get("/admin/users").text
    assert "account.noted" in actions(session, cast.pending)
    assert admin.post(f"/admin/users/{cast.pending.id}/note", data={"note": "x" * 2001}).status_code == 302
    session.expire_all()
    assert cast.pending.note == "Knows <b>Ruth</b>."


@pytest.mark.parametrize(
    ("query", "sees", "hides"),
    [
        ("role=editor", "Ada Byrne", "Ruth Okafor"),
        ("status=suspended", "Sven Suspended", "Ada Byrne"),
        ("role=sponsor&status=pending", "Pia Pending", "Ruth Okafor"),
        ("role=nonsense&status=%00", "Ruth Okafor", "Nobody of that name"),
    ],
)
def test_people_are_found_by_role_and_status(session, cast, as_person, query, sees, hides):
    session.commit()
    page = as_person(cast.admin).get(f"/admin/users?{query}").text
    assert sees in page
    assert hides not in page


# Roles


def test_another_role_ends_sessions_and_gives_work_back(session, cast, as_person, make_document):
    document = make_document("editing")
    session.commit()
    editor = as_person(cast.editor)
    answer = as_person(cast.admin).post(f"/admin/users/{cast.editor.id}/role", data={"role": "sponsor"})
    assert answer.status_code == 302
    session.expire_all()
    assert (cast.editor.role, document.editor_id) == (Role.SPONSOR, None)
    assert not is_in(editor)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "account.role_changed")).one()
    assert (event.actor_id, event.before, event.after) == (cast.admin.id, {"role": "editor"}, {"role": "sponsor"})
    assert "you are sponsor" in letter(session, cast.editor.email)


def test_a_sponsor_hands_texts_over_first(session, cast, as_person, make_document):
    make_document("editing")
    session.commit()
    answer = as_person(cast.admin).post(f"/admin/users/{cast.sponsor.id}/role", data={"role": "editor"})
    assert answer.status_code == 409
    assert "Hand those over" in answer.text
    session.expire_all()
    assert cast.sponsor.role is Role.SPONSOR


def test_the_last_admin_stays_admin(session, cast, as_person):
    session.commit()
    admin = as_person(cast.admin)
    assert admin.post(f"/admin/users/{cast.admin.id}/role", data={"role": "editor"}).status_code == 409
    assert admin.post(f"/admin/users/{cast.admin.id}/role", data={"role": "king"}).status_code == 400
    session.expire_all()
    assert cast.admin.role is Role.ADMIN


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/admin/users/{}/role", {"role": "admin"}),
        ("/admin/users/{}/suspend", {"reason": "No."}),
        ("/admin/users/{}/restore", {}),
        ("/admin/invitations", {"email": "x@example.org", "role": "admin"}),
    ],
)
def test_what_is_dangerous_needs_a_fresh_log_in(session, cast, as_person, path, data):
    session.commit()
    admin = as_person(cast.admin)
    make_stale(admin)
    answer = admin.post(path.format(cast.editor.id), data=data)
    assert answer.headers["Location"] == "/verify?next=/verify/then"
    session.expire_all()
    assert (cast.editor.role, cast.editor.status) == (Role.EDITOR, Status.APPROVED)
    assert session.scalars(select(Invitation)).all() == []


# Invitations


def invite(session, admin, email="nora@example.org", role="editor"):
    admin.post("/admin/invitations", data={"email": email, "role": role})
    return re.search(r"/join/\S+", letter(session, email)).group(0)


def test_whoever_is_invited_comes_in_with_a_password(session, client, cast, as_person):
    session.commit()
    there = invite(session, as_person(cast.admin))
    assert "Grete Admin wants you here as an editor" in client.get(there).text
    assert "easy to guess" in client.post(there, data={"name": "Nora", "password": "12345678"}).text
    data = {"name": "Nora New", "organization": "", "password": NEW["password"]}
    data |= {"role": "admin", "email": "x@evil.example"}  # not theirs to choose
    assert client.post(there, data=data).status_code == 303
    user = find(session, "nora@example.org")
    assert (user.role, user.status, user.is_confirmed) == (Role.EDITOR, Status.APPROVED, True)
    log_in(client, "nora@example.org", NEW["password"])
    assert is_in(client)
    assert client.get(there).status_code == 410
    assert actions(session, user)[0] == "account.joined"


def test_an_invitation_is_taken_back(session, client, cast, as_person):
    session.commit()
    admin = as_person(cast.admin)
    there = invite(session, admin)
    [made] = session.scalars(select(Invitation)).all()
    assert "nora@example.org" in admin.get("/admin/users").text
    assert admin.post(f"/admin/invitations/{made.id}/take-back").status_code == 302
    assert admin.post(f"/admin/invitations/{made.id}/take-back").status_code == 404
    assert client.get(there).status_code == 410


def test_the_newest_invitation_counts(session, client, cast, as_person):
    session.commit()
    admin = as_person(cast.admin)
    first, second = invite(session, admin), invite(session, admin, role="sponsor")
    assert client.get(first).status_code == 410
    assert "as a sponsor" in client.get(second).text


def test_nobody_is_invited_twice_over(session, cast, as_person):
    session.commit()
    admin = as_person(cast.admin)
    answer = admin.post("/admin/invitations", data={"email": cast.editor.email.upper(), "role": "admin"})
    assert answer.status_code == 409
    assert "already an account" in answer.text


def test_the_secret_of_an_invitation_stands_in_its_letter_alone(session, cast, as_person):
    session.commit()
    secret = invite(session, as_person(cast.admin)).rpartition("/")[2]
    [made] = session.scalars(select(Invitation)).all()
    assert secret not in str(vars(made))
    events = session.scalars(select(AuditEvent).where(AuditEvent.object_type == "invitation")).all()
    assert [event.action for event in events] == ["account.invited"]
    assert secret not in str(vars(events[0]))


# Leaving


def test_a_person_takes_their_data_along(session, cast, as_person, make_document):
    make_document("editing", title="The potters")
    session.commit()
    browser = as_person(cast.editor)
    with_app(browser)
    answer = browser.get("/settings/account/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="copydesk-account.json"'
    data = answer.get_json()
    assert data["person"]["email"] == cast.editor.email
    assert [(one["title"], one["as"]) for one in data["documents"]] == [("The potters", "editor")]
    assert "account.app_added" in [one["act"] for one in data["acts"]]
    session.expire_all()
    assert cast.editor.totp_secret not in answer.text
    assert cast.editor.password not in answer.text
    assert cast.sponsor.email not in answer.text


@pytest.mark.parametrize("pseudonym", [True, False])
def test_an_account_is_deleted_and_the_texts_stay(session, app, cast, as_person, make_document, pseudonym):
    document = make_document("editing")
    session.commit()
    browser, elsewhere, old = as_person(cast.editor), as_person(cast.editor), cast.editor.email
    with_app(browser)
    wrong = browser.post("/settings/account/leave", data={"leave-email": "x@example.org"})
    assert wrong.status_code == 400
    assert "This is not your address." in wrong.text
    data = {"leave-email": old.upper()} | ({"leave-pseudonym": "y"} if pseudonym else {})
    assert browser.post("/settings/account/leave", data=data).status_code == 303
    assert not is_in(browser)
    assert not is_in(elsewhere)
    assert find(session, old) is None
    session.expire_all()
    assert cast.editor.status is Status.LEFT
    assert cast.editor.name == (f"Former editor {cast.editor.id}" if pseudonym else "Ada Byrne")
    assert document.editor_id is None
    record = as_person(cast.sponsor).get(f"/documents/{document.id}/record.json").text
    assert old not in record
    assert ("Ada Byrne" in record) is not pseudonym
    assert "don&#39;t match" in log_in(app.test_client(), old).text
    assert "was deleted" in letter(session, old)


def test_the_last_admin_and_a_sponsor_with_texts_stay(session, cast, as_person, make_document):
    make_document("editing")
    session.commit()
    for user in (cast.admin, cast.sponsor):
        answer = as_person(user).post("/settings/account/leave", data={"leave-email": user.email})
        assert answer.status_code == 409, user.name
        assert is_in(as_person(user))


def test_an_address_is_free_again(session, client, cast, as_person):
    session.commit()
    old = cast.other_editor.email
    as_person(cast.other_editor).post("/settings/account/leave", data={"leave-email": old})
    client.post("/signup/editor", data=NEW | {"email": old})
    assert find(session, old).name == NEW["name"]


def test_nobody_logs_in_as_somebody_who_left(session, client, cast, as_person):
    session.commit()
    as_person(cast.other_editor).post("/settings/account/leave", data={"leave-email": cast.other_editor.email})
    session.expire_all()
    for password in ("", "x", PASSWORD):
        assert log_in(client, cast.other_editor.email, password).status_code == 200
        assert not is_in(client)
