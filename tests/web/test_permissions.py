"""Role × action × ownership over the whole URL map. A route that is missing here fails the test."""

import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import object_session

from copydesk.autodocs import continuations, records, replays, requests, spans
from copydesk.documents import editions, suggesting
from copydesk.documents.conversation import operations as conversation
from copydesk.documents.conversation.models import Comment
from copydesk.documents.records import kept_records
from copydesk.documents.records.record import encode
from copydesk.notifications import unsubscribing
from copydesk.notifications.kinds import Group
from copydesk.notifications.models import Notice
from copydesk.web.guards import PUBLIC_ENDPOINTS
from tests import asking, journeys

PEOPLE = (
    "anonymous", "pending", "rejected", "suspended", "sponsor", "other_sponsor", "editor", "other_editor", "admin",
)  # fmt: skip
OUT = {"anonymous": "login", "pending": 403, "rejected": "login", "suspended": "login"}
PUBLIC = dict.fromkeys(PEOPLE, "open")


def only(default, **exceptions):
    """What each person gets; strangers to the desk get the login page or the page that says they wait."""
    return OUT | dict.fromkeys(PEOPLE[4:], default) | exceptions


# "open": the page or the act is reached (whatever the document's state says then); a number: that status.
SPONSORS_OWN = only(403, sponsor="open", other_sponsor=404)
OWNERS = only(403, sponsor="open", other_sponsor=404, admin="open")
EDITORS_OWN = only(403, editor="open", other_editor=404)
READERS = only("open", other_sponsor=404, other_editor=404)
ADMINS = only(403, admin="open")
A_GUESS = dict.fromkeys(PEOPLE, 404) | {"rejected": "login", "suspended": "login"}  # who has no letter finds nothing
NO_LETTER = dict.fromkeys(PEOPLE, 410) | {"rejected": "login", "suspended": "login"}  # a link that nobody was sent
NOT_HALF_IN = dict.fromkeys(PEOPLE, 403) | {"rejected": "login", "suspended": "login"}  # no password was given
OWN_TEMPLATES = only(403, sponsor="open", other_sponsor=404, admin=404)  # of one sponsor

MATRIX = {
    ("GET", "home.landing"): PUBLIC,
    ("GET", "health.healthz"): PUBLIC,
    ("GET", "health.readyz"): PUBLIC,
    ("GET", "metrics.metrics"): PUBLIC,
    ("GET", "account.signup"): PUBLIC,
    ("POST", "account.signup"): PUBLIC,
    ("POST", "account.theme"): PUBLIC,
    ("GET", "account.leave"): PUBLIC,
    ("GET", "account.waiting"): only("open") | {"pending": "open"},
    ("GET", "account.asked"): PUBLIC,
    ("GET", "account.send_confirmation"): PUBLIC,
    ("POST", "account.send_confirmation"): PUBLIC,
    ("GET", "account.confirm"): NO_LETTER,
    ("POST", "account.confirm"): NO_LETTER,
    ("GET", "account.forgotten"): PUBLIC,
    ("POST", "account.forgotten"): PUBLIC,
    ("GET", "account.reset"): NO_LETTER,
    ("POST", "account.reset"): NO_LETTER,
    ("GET", "account.change_address"): NO_LETTER,
    ("POST", "account.change_address"): NO_LETTER,
    ("GET", "account.join"): NO_LETTER,
    ("POST", "account.join"): NO_LETTER,
    ("GET", "account.second_step"): PUBLIC,  # who has given no password is sent to do so
    ("POST", "account.second_step"): PUBLIC,
    ("POST", "account.second_passkey_options"): NOT_HALF_IN,
    ("POST", "account.second_passkey"): NOT_HALF_IN,
    ("POST", "account.passkey_options"): PUBLIC,
    ("POST", "account.log_in_by_passkey"): PUBLIC,
    ("GET", "account.first_second_step"): PUBLIC,
    ("POST", "account.first_second_step"): PUBLIC,
    ("GET", "account.verify"): only("open"),
    ("GET", "account.postponed_act"): only("open"),
    ("POST", "account.verify"): only("open"),
    ("POST", "account.verify_passkey_options"): only("open"),
    ("POST", "account.verify_passkey"): only("open"),
    ("GET", "account.settings"): only("open"),
    ("POST", "account.describe"): only("open"),
    ("POST", "account.ask_to_change"): only("open"),
    ("POST", "account.change_password"): only("open"),
    ("POST", "account.end_session"): only(404),  # nobody's
    ("POST", "account.end_other_sessions"): only("open"),
    ("GET", "account.add_app"): only("open"),
    ("POST", "account.add_app"): only("open"),
    ("POST", "account.remove_app"): only("open"),
    ("POST", "account.passkey_to_add"): only("open"),
    ("POST", "account.add_passkey"): only("open"),
    ("POST", "account.remove_passkey"): only(404),  # nobody's
    ("POST", "account.make_recovery_codes"): only("open"),
    ("GET", "account.data"): only("open"),
    ("POST", "account.delete_account"): only("open"),
    ("GET", "own_settings.show"): only("open"),
    ("POST", "own_settings.keep"): only("open"),
    ("GET", "notifications.index"): only("open"),
    ("POST", "notifications.mark_all"): only("open"),
    ("GET", "notifications.follow"): only(404, editor="open"),  # whose it is
    ("POST", "notifications.mark"): only(404, editor="open"),
    ("GET", "notifications.ask_to_stop"): PUBLIC,
    ("POST", "notifications.stop"): PUBLIC,
    ("GET", "documents.index"): only("open"),
    ("GET", "documents.new"): only(403, sponsor="open", other_sponsor="open"),
    ("POST", "documents.new"): only(403, sponsor="open", other_sponsor="open"),
    ("POST", "documents.keep_brief"): only(403, sponsor="open", other_sponsor="open"),
    ("POST", "documents.delete_unfinished"): only(403, sponsor="open", other_sponsor=404),
    ("POST", "documents.restore_unfinished"): only(403, sponsor=404, other_sponsor=404),
    ("GET", "documents.many"): only(403, sponsor="open", other_sponsor="open"),
    ("POST", "documents.many"): only(403, sponsor="open", other_sponsor="open"),
    ("GET", "documents.many_example"): only(403, sponsor="open", other_sponsor="open"),
    ("GET", "documents.planned"): only(403, sponsor="open", other_sponsor=404),
    ("POST", "documents.create_many"): only(403, sponsor="open", other_sponsor=404),
    ("GET", "documents.not_created"): only(403, sponsor="open", other_sponsor=404),
    ("POST", "documents.attach"): OWNERS,
    ("GET", "documents.attachment"): READERS,
    ("POST", "documents.remove_attachment"): OWNERS,
    ("GET", "brief_templates.index"): only(403, sponsor="open", other_sponsor="open", admin="open"),
    ("GET", "brief_templates.new"): only(403, sponsor="open", other_sponsor="open", admin="open"),
    ("POST", "brief_templates.new"): only(403, sponsor="open", other_sponsor="open", admin="open"),
    ("GET", "brief_templates.edit"): OWN_TEMPLATES,
    ("POST", "brief_templates.edit"): OWN_TEMPLATES,
    ("POST", "brief_templates.duplicate"): OWN_TEMPLATES,
    ("POST", "brief_templates.delete"): OWN_TEMPLATES,
    ("POST", "brief_templates.restore"): only(403, sponsor=404, other_sponsor=404, admin=404),
    ("GET", "documents.today"): only("open"),
    ("GET", "help.index"): only("open"),
    ("GET", "help.editing"): only("open"),
    ("GET", "help.sponsoring"): only("open"),
    ("GET", "help.desk"): only("open"),
    ("GET", "documents.show"): READERS,
    ("GET", "documents.desk"): READERS,
    ("GET", "documents.progress"): READERS,
    ("GET", "documents.draft_again"): OWNERS,
    ("POST", "documents.draft_again"): OWNERS,
    ("POST", "documents.choose"): OWNERS,
    ("GET", "documents.draft"): READERS,
    ("POST", "documents.replay"): READERS,
    ("GET", "documents.replay_progress"): READERS,
    ("GET", "documents.redraft_passage"): EDITORS_OWN,
    ("POST", "documents.redraft_passage"): EDITORS_OWN,
    ("GET", "documents.candidates"): READERS,
    ("POST", "documents.take_candidate"): EDITORS_OWN,
    ("POST", "documents.discard_candidates"): EDITORS_OWN,
    ("POST", "documents.go_on"): EDITORS_OWN,
    ("GET", "documents.continuation"): EDITORS_OWN,
    ("POST", "documents.accept_words"): EDITORS_OWN,
    ("POST", "documents.stop_continuation"): EDITORS_OWN,
    ("GET", "documents.suggest"): READERS,
    ("POST", "documents.suggest"): READERS,
    ("GET", "documents.open_suggestions"): READERS,
    ("GET", "documents.comments"): READERS,
    ("POST", "documents.comment"): READERS,
    ("POST", "documents.reply"): READERS,
    ("POST", "documents.resolve_comment"): READERS,
    ("POST", "documents.reopen_comment"): READERS,
    ("POST", "documents.change_comment"): only(403, sponsor="open", other_sponsor=404, other_editor=404),
    ("POST", "documents.take_back_comment"): only(403, sponsor="open", other_sponsor=404, other_editor=404),
    ("POST", "documents.accept_suggestion"): EDITORS_OWN,
    ("POST", "documents.refuse_suggestion"): EDITORS_OWN,
    ("POST", "documents.take_back_suggestion"): only(403, sponsor="open", other_sponsor=404, other_editor=404),
    ("POST", "documents.accept_suggestions"): EDITORS_OWN,
    ("POST", "documents.refuse_suggestions"): EDITORS_OWN,
    ("GET", "documents.tidy"): EDITORS_OWN,
    ("POST", "documents.look_over"): EDITORS_OWN,
    ("POST", "documents.apply_tidy"): EDITORS_OWN,
    ("GET", "documents.history"): READERS,
    ("GET", "documents.revision"): READERS,
    ("GET", "documents.compare"): READERS,
    ("GET", "documents.looking"): READERS,
    ("GET", "documents.looking_data"): READERS,
    ("POST", "documents.looking_at_unsaved"): EDITORS_OWN,
    ("GET", "documents.record"): READERS,
    ("GET", "documents.record_to_read"): READERS,
    ("GET", "documents.paragraphs"): READERS,
    ("GET", "documents.before"): EDITORS_OWN,
    ("POST", "documents.review"): EDITORS_OWN,
    ("POST", "documents.take_back_review"): EDITORS_OWN,
    ("POST", "documents.waive_check"): EDITORS_OWN,
    ("POST", "documents.take_back_waiver"): EDITORS_OWN,
    ("GET", "documents.delete"): ADMINS,
    ("POST", "documents.delete"): ADMINS,
    ("GET", "records.index"): ADMINS,
    ("GET", "records.show"): READERS,
    ("GET", "records.record"): READERS,
    ("GET", "figures.show"): ADMINS,
    ("GET", "figures.as_csv"): ADMINS,
    ("GET", "documents.brief"): SPONSORS_OWN,
    ("POST", "documents.brief"): SPONSORS_OWN,
    ("POST", "documents.save"): EDITORS_OWN,
    ("POST", "documents.deliver"): EDITORS_OWN,
    ("PUT", "documents.keep_unsent"): EDITORS_OWN,
    ("DELETE", "documents.discard_unsent"): EDITORS_OWN,
    ("POST", "documents.drop_unsent"): EDITORS_OWN,
    ("POST", "documents.give_sign"): READERS,
    ("GET", "documents.look_around"): READERS,
    ("POST", "documents.decline"): EDITORS_OWN,
    ("POST", "documents.ask"): EDITORS_OWN,
    ("POST", "documents.answer"): SPONSORS_OWN,
    ("POST", "documents.go_on_without"): EDITORS_OWN,
    ("GET", "documents.publish"): OWNERS,
    ("POST", "documents.publish"): OWNERS,
    ("POST", "documents.cancel_time"): OWNERS,
    ("POST", "documents.open_to_all"): OWNERS,
    ("POST", "documents.confirm_emergency"): OWNERS,
    ("GET", "documents.reopen"): OWNERS,
    ("POST", "documents.reopen"): OWNERS,
    ("POST", "documents.keep_edition"): OWNERS,
    ("GET", "documents.retract"): OWNERS,
    ("POST", "documents.retract"): OWNERS,
    ("GET", "documents.publish_in_emergency"): ADMINS,
    ("POST", "documents.publish_in_emergency"): ADMINS,
    ("GET", "disclosure.show"): ADMINS,
    ("GET", "disclosure.as_csv"): ADMINS,
    ("GET", "feeds.atom"): PUBLIC,
    ("GET", "feeds.as_json"): PUBLIC,
    ("GET", "exports.export"): READERS,
    ("GET", "exports.of_readers"): PUBLIC,
    ("GET", "reading.show"): PUBLIC,
    ("GET", "reading.edition"): PUBLIC,
    ("GET", "reading.hands"): PUBLIC,
    ("POST", "documents.claim"): only(403, editor="open", other_editor=404),
    ("POST", "documents.request_changes"): SPONSORS_OWN,
    ("POST", "documents.approve"): SPONSORS_OWN,
    ("GET", "documents.sign_off"): READERS,
    ("POST", "documents.decide_change"): SPONSORS_OWN,
    ("POST", "documents.accept_rest"): SPONSORS_OWN,
    ("POST", "documents.let_stay"): SPONSORS_OWN,
    ("POST", "documents.answer_todo"): EDITORS_OWN,
    ("GET", "documents.hand_over"): ADMINS,
    ("POST", "documents.hand_over"): ADMINS,
    ("GET", "signing.show"): A_GUESS,
    ("POST", "signing.sign"): A_GUESS,
    ("POST", "documents.away"): only(403, editor="open", other_editor="open"),
    ("POST", "documents.assign"): OWNERS,
    ("POST", "documents.set_due"): OWNERS,
    ("POST", "documents.keep"): OWNERS,
    ("POST", "documents.retry"): OWNERS,
    ("POST", "documents.redraft"): OWNERS,
    ("POST", "documents.cancel"): OWNERS,
    ("POST", "documents.withdraw"): OWNERS,
    ("POST", "documents.take_up_again"): OWNERS,
    ("POST", "documents.do_to_many"): only("open"),
    ("GET", "documents.recent_bulk"): only("open"),
    ("POST", "documents.undo_bulk"): only(404),
    ("GET", "documents.list_views"): only("open"),
    ("POST", "documents.keep_view"): only("open"),
    ("POST", "documents.rename_view"): only(404),
    ("POST", "documents.open_view_first"): only("open"),
    ("POST", "documents.move_view_up"): only(404),
    ("POST", "documents.delete_view"): only(404),
    ("POST", "documents.take_back_view"): only(404),
    ("GET", "admin.signups"): ADMINS,
    ("POST", "admin.approve"): ADMINS,
    ("POST", "admin.reject"): ADMINS,
    ("POST", "admin.undo"): ADMINS,
    ("POST", "admin.decide_several"): ADMINS,
    ("POST", "admin.note"): ADMINS,
    ("POST", "admin.change_role"): ADMINS,
    ("POST", "admin.invite"): ADMINS,
    ("POST", "admin.take_back"): only(403, admin=404),  # nobody's
    ("GET", "admin.users"): ADMINS,
    ("GET", "audit_log.show"): ADMINS,
    ("GET", "audit_log.as_csv"): ADMINS,
    ("POST", "audit_log.check"): ADMINS,
    ("POST", "admin.suspend"): ADMINS,
    ("POST", "admin.restore"): ADMINS,
    ("GET", "queue.show"): ADMINS,
    ("GET", "queue.live"): ADMINS,
    ("POST", "queue.pause"): ADMINS,
    ("POST", "queue.resume"): ADMINS,
    ("POST", "queue.retry"): ADMINS,
    ("POST", "queue.retry_all"): ADMINS,
    ("POST", "queue.stop"): ADMINS,
    ("POST", "queue.send_again"): ADMINS,
    ("GET", "webhooks.index"): ADMINS,
    ("POST", "webhooks.add"): ADMINS,
    ("GET", "webhooks.show"): ADMINS,
    ("POST", "webhooks.change"): ADMINS,
    ("POST", "webhooks.switch"): ADMINS,
    ("POST", "webhooks.rotate"): ADMINS,
    ("POST", "webhooks.test"): ADMINS,
    ("POST", "webhooks.resend"): ADMINS,
    ("POST", "webhooks.remove"): ADMINS,
    ("GET", "house.index"): ADMINS,
    ("GET", "routing.index"): ADMINS,
    ("POST", "routing.index"): ADMINS,
    ("POST", "house.add"): ADMINS,
    ("POST", "house.add_list"): ADMINS,
    ("POST", "house.remove"): ADMINS,
    ("POST", "house.style"): ADMINS,
    ("POST", "house.checks"): ADMINS,
    ("GET", "house.words"): only("open"),
    ("GET", "models.index"): ADMINS,
    ("POST", "models.use"): ADMINS,
    ("POST", "models.server"): ADMINS,
}


def routes(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield method, rule.endpoint


def test_every_route_has_a_row_and_every_row_a_route(app):
    ours = {(method, endpoint) for method, endpoint in routes(app) if endpoint not in PUBLIC_ENDPOINTS}
    assert ours == set(MATRIX)


def test_the_public_list_is_this_and_no_more(app):
    assert {"static", "security.login", "security.logout"} == PUBLIC_ENDPOINTS
    public = {endpoint for _, endpoint in routes(app) if getattr(app.view_functions[endpoint], "guard", "") == "public"}
    assert public == {
        "home.landing",
        "health.healthz",
        "health.readyz",
        "metrics.metrics",
        "account.signup",
        "account.asked",
        "account.send_confirmation",
        "account.confirm",
        "account.forgotten",
        "account.reset",
        "account.change_address",
        "account.join",
        "account.second_step",
        "account.second_passkey_options",
        "account.second_passkey",
        "account.passkey_options",
        "account.log_in_by_passkey",
        "account.first_second_step",
        "account.theme",
        "account.leave",
        "notifications.ask_to_stop",
        "notifications.stop",
        "feeds.atom",
        "feeds.as_json",
        "exports.of_readers",
        "signing.show",
        "signing.sign",
        "reading.show",
        "reading.edition",
        "reading.hands",
    }


def test_every_route_has_a_guard(app):
    for _, endpoint in routes(app):
        assert endpoint in PUBLIC_ENDPOINTS or hasattr(app.view_functions[endpoint], "guard"), endpoint


def test_a_route_without_a_guard_is_closed(app, as_person, cast, monkeypatch):
    monkeypatch.delattr(app.view_functions["home.landing"], "guard")
    assert as_person(None).get("/").status_code == 403


def url_of(app, endpoint, document, cast):
    values = {"document_id": document.id, "number": 1, "asking": 2, "user_id": cast.pending.id, "role": "sponsor"}
    values["word_id"] = values["waiver_id"] = values["review_id"] = values["mail_id"] = 1
    values["decision_id"] = values["act_id"] = values["view_id"] = 0  # nobody's
    values["login_id"], values["passkey_id"], values["invitation_id"] = uuid.uuid4(), 0, 0  # nobody's, too
    values["suffix"], values["webhook_id"], values["delivery_id"] = "md", 1, 1
    values["token"] = "nobody-was-sent-this"
    if endpoint.startswith("notifications."):
        values["token"] = unsubscribing.url(cast.editor, Group.WORK).rpartition("/")[2]
    given = select(Notice.id).where(Notice.person_id == cast.editor.id)  # the editor was given the text
    values["notice_id"] = object_session(document).scalars(given).first()
    values["slug"] = editions.page_of(object_session(document), document).slug
    values["autodoc_id"] = requests.drafts(object_session(document), document.id)[0].id
    if endpoint == "documents.continuation":
        values["number"] = 2  # after the draft
    newest = object_session(document).execute(select(func.max(Comment.thread_id), func.max(Comment.id))).one()
    values |= {"thread_id": newest[0] or 1, "comment_id": newest[1] or 1}
    values |= asking.rows(object_session(document), document, endpoint)
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    with app.test_request_context():
        from flask import url_for

        return url_for(endpoint, **{name: values[name] for name in rule.arguments})


@pytest.mark.parametrize(("method", "endpoint"), list(MATRIX))
def test_who_gets_what(app, session, cast, make_document, as_person, method, endpoint):
    document = make_document("published" if endpoint.startswith(("reading.", "exports.of")) else "editing")
    if endpoint in ("documents.candidates", "documents.replay_progress"):  # pages of something that was asked for
        spans.ask(session, document.id, cast.editor, base=document.text_number, start=0, end=5, count=1)
        replays.ask(session, requests.newest(session, document.id).id, cast.sponsor)
    if endpoint == "documents.continuation":
        continuations.ask(session, document.id, cast.editor, base=document.text_number, text="Typed", at=5)
    if endpoint.startswith("records."):
        kept_records.keep(session, document, cast.admin, record=encode(records.of(session, document)), reason="So.")
    if endpoint.endswith("_comment") or endpoint == "documents.reply":
        conversation.comment(session, document.id, cast.sponsor, words="Is it?")
    if endpoint.endswith("_suggestion"):
        suggesting.propose(session, document.id, cast.sponsor, base=document.text_number, body="Other words.")
    session.commit()
    url = url_of(app, endpoint, document, cast)
    for name, expected in MATRIX[(method, endpoint)].items():
        user = getattr(cast, name, None)
        with session.begin_nested() as undo:
            answer = as_person(user).open(url, method=method)
            answer.close()  # a download holds its file until it was sent
            undo.rollback()
        session.expire_all()
        if expected == "login":
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith("/login"), name
        elif expected == "open":
            assert answer.status_code not in (401, 403, 404, 405, 500), (name, answer.status_code)
        else:
            assert answer.status_code == expected, name


def test_the_unassigned_pool_is_for_every_editor(session, cast, make_document, as_person):
    document = make_document("unassigned")
    session.commit()
    for editor in (cast.editor, cast.other_editor):
        assert as_person(editor).get(f"/documents/{document.id}").status_code == 200
    assert as_person(cast.other_sponsor).get(f"/documents/{document.id}").status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_acts_are_not_done_by_other_methods(session, cast, make_document, as_person, method):
    document = make_document("editing")
    session.commit()
    answer = getattr(as_person(cast.editor), method)(f"/documents/{document.id}/deliver")
    assert answer.status_code == 405


def test_nonsense_for_an_id_is_not_found(cast, as_person):
    for nonsense in ("1", "x", "00000000-0000-0000-0000-000000000000", "%00", "..%2f"):
        assert as_person(cast.sponsor).get(f"/documents/{nonsense}").status_code == 404


def test_lists_show_only_what_is_ones_own(session, cast, make_document, as_person):
    make_document("editing", title="Only for its people")
    session.commit()
    for name, sees in {
        "sponsor": True,
        "other_sponsor": False,
        "editor": True,
        "other_editor": False,
        "admin": True,
    }.items():
        page = as_person(getattr(cast, name)).get("/documents").text
        assert ("Only for its people" in page) is sees, name


def test_json_is_answered_with_json(session, cast, make_document, as_person):
    document = make_document("editing")
    session.commit()
    url = f"/documents/{document.id}/record.json"
    program = {"Accept": "application/json"}
    assert as_person(None).get(url, headers=program).status_code == 401
    assert as_person(None).get(url).headers["Location"].startswith("/login")
    assert as_person(cast.pending).get(url).json == {"error": "Your account is waiting for approval."}
    assert as_person(cast.other_sponsor).get(url).status_code == 404
    assert "error" in as_person(cast.other_sponsor).get(url).json
    assert as_person(cast.sponsor).get(url).json["text"] == journeys.DRAFT
