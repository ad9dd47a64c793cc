"""What every changing route leaves in the audit log, and the few that leave nothing, each with its reason.

Requests of the test client are watched: one that is answered well and has changed a table, and left no event, fails its
test, whichever test that is.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, event

CHANGES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.I)

ON_A_DOCUMENT = {
    "documents.new": "submit attach",
    "documents.attach": "attach",
    "documents.remove_attachment": "remove_attachment",
    "documents.draft_again": "redraft",
    "documents.choose": "choose",
    "documents.keep": "keep",
    "documents.retry": "retry",
    "documents.redraft": "redraft",
    "documents.cancel": "cancel stop_the_rest",
    "documents.withdraw": "withdraw",
    "documents.take_up_again": "take_up_again",
    "documents.assign": "assign",
    "documents.claim": "claim",
    "documents.decline": "decline",
    "documents.hand_over": "hand_over",
    "documents.set_due": "set_the_date",
    "documents.brief": "edit_brief",
    "documents.save": "save",
    "documents.deliver": "deliver save",
    "documents.redraft_passage": "ask_for_a_passage",
    "documents.take_candidate": "take_a_passage",
    "documents.go_on": "ask_how_to_go_on",
    "documents.accept_words": "accept_words",
    "documents.suggest": "suggest",
    "documents.accept_suggestion": "accept_suggestion",
    "documents.accept_suggestions": "accept_suggestion",
    "documents.refuse_suggestion": "refuse_suggestion",
    "documents.refuse_suggestions": "refuse_suggestion",
    "documents.take_back_suggestion": "take_back_suggestion",
    "documents.comment": "comment",
    "documents.reply": "reply_to_a_comment",
    "documents.change_comment": "edit_a_comment",
    "documents.take_back_comment": "take_back_a_comment",
    "documents.resolve_comment": "resolve_a_comment",
    "documents.reopen_comment": "open_a_comment_again",
    "documents.apply_tidy": "tidy",
    "documents.review": "review_a_paragraph",
    "documents.take_back_review": "take_back_a_review",
    "documents.waive_check": "waive_a_check",
    "documents.take_back_waiver": "take_back_a_waiver",
    "documents.ask": "ask",
    "documents.answer": "answer",
    "documents.go_on_without": "go_on_without_an_answer",
    "documents.request_changes": "request_changes decide_on_a_change",
    "documents.approve": "sign decide_on_a_change",
    "documents.decide_change": "decide_on_a_change",
    "documents.accept_rest": "decide_on_a_change",
    "documents.let_stay": "decide_on_a_change",
    "documents.answer_todo": "answer_a_to-do",
    "signing.sign": "sign",
    "documents.publish": "publish set_a_time",
    "documents.cancel_time": "cancel_the_time",
    "documents.publish_in_emergency": "publish_in_an_emergency",
    "documents.confirm_emergency": "confirm_the_emergency",
    "documents.open_to_all": "open_to_all",
    "documents.reopen": "reopen",
    "documents.keep_edition": "keep_the_edition",
    "documents.retract": "retract",
    "documents.delete": "delete",
    "documents.do_to_many": "assign withdraw remind exported",
    "documents.undo_bulk": "assign take_up_again remind",
    "documents.create_many": "submit",
    "queue.retry": "retry",
    "queue.retry_all": "retry",
}
AUDITED = {
    **{endpoint: {f"document.{act}" for act in acts.split()} for endpoint, acts in ON_A_DOCUMENT.items()},
    "account.signup": {"account.requested", "account.confirmation_asked", "account.requested_again"},
    "account.send_confirmation": {"account.confirmation_asked"},
    "account.confirm": {"account.confirmed"},
    "account.forgotten": {"account.reset_asked"},
    "account.reset": {"account.password_reset"},
    "account.ask_to_change": {"account.address_asked"},
    "account.change_address": {"account.address_changed"},
    "account.join": {"account.joined"},
    "security.login": {"account.logged_in", "account.login_failed"},
    "security.logout": {"account.logged_out"},
    "account.second_step": {"account.logged_in", "account.login_failed", "account.recovery_code_used"},
    "account.second_passkey": {"account.logged_in", "account.login_failed"},
    "account.log_in_by_passkey": {"account.logged_in", "account.login_failed"},
    "account.first_second_step": {"account.app_added", "account.recovery_codes_made", "account.logged_in"},
    "account.verify": {"account.proved", "account.login_failed"},
    "account.verify_passkey": {"account.proved", "account.login_failed"},
    "account.describe": {"account.described"},
    "account.change_password": {"account.password_changed", "account.logged_in"},
    "account.end_session": {"account.sessions_ended"},
    "account.end_other_sessions": {"account.sessions_ended"},
    "account.add_app": {"account.app_added", "account.recovery_codes_made"},
    "account.remove_app": {"account.app_removed"},
    "account.add_passkey": {"account.passkey_added", "account.recovery_codes_made"},
    "account.remove_passkey": {"account.passkey_removed"},
    "account.make_recovery_codes": {"account.recovery_codes_made"},
    "account.delete_account": {"account.left", "account.logged_out", "document.assign"},
    "own_settings.keep": {"account.notifications_chosen", "account.time_zone_chosen"},
    "notifications.stop": {"account.notifications_chosen"},
    "documents.away": {"account.away", "account.back"},
    "documents.keep_view": {"view.added", "view.changed", "account.first_view_chosen"},
    "documents.rename_view": {"view.changed"},
    "documents.open_view_first": {"account.first_view_chosen"},
    "documents.move_view_up": {"view.moved"},
    "documents.delete_view": {"view.deleted"},
    "documents.take_back_view": {"view.put_back"},
    "documents.replay": {"draft.replay"},
    "brief_templates.new": {"brief_template.added"},
    "brief_templates.edit": {"brief_template.changed"},
    "brief_templates.duplicate": {"brief_template.added"},
    "brief_templates.delete": {"brief_template.deleted"},
    "brief_templates.restore": {"brief_template.put_back"},
    "admin.approve": {"account.approved"},
    "admin.reject": {"account.rejected"},
    "admin.undo": {"account.undone"},
    "admin.decide_several": {"account.approved", "account.rejected"},
    "admin.note": {"account.noted"},
    "admin.change_role": {"account.role_changed", "document.assign"},
    "admin.invite": {"account.invited"},
    "admin.take_back": {"account.invitation_taken_back"},
    "admin.suspend": {"account.suspended", "document.assign"},
    "admin.restore": {"account.restored"},
    "audit_log.check": {"audit.checked"},
    "queue.pause": {"queue.paused"},
    "queue.resume": {"queue.resumed"},
    "queue.stop": {"draft.stopped", "document.cancel"},
    "queue.send_again": {"mail.sent_again"},
    "webhooks.add": {"webhook.added"},
    "webhooks.change": {"webhook.changed"},
    "webhooks.switch": {"webhook.switched_on", "webhook.switched_off"},
    "webhooks.rotate": {"webhook.secret_rotated"},
    "webhooks.test": {"webhook.tested"},
    "webhooks.resend": {"webhook.resent"},
    "webhooks.remove": {"webhook.removed"},
    "routing.index": {"house.routing_changed"},
    "house.add": {"house.word_added"},
    "house.add_list": {"house.words_added"},
    "house.remove": {"house.word_removed"},
    "house.style": {"house.style_changed"},
    "house.checks": {"house.checks_changed"},
    "models.use": {"model.use"},
    "models.server": {"model.use"},
}
# What leaves the desk as a file.
EXPORTS = {
    "account.data": {"account.exported"},
    "audit_log.as_csv": {"audit.exported"},
    "disclosure.as_csv": {"disclosure.exported"},
    "figures.as_csv": {"figures.exported"},
    "exports.export": {"document.exported"},
    "documents.record": {"record.exported"},
    "records.record": {"record.exported"},
    "documents.attachment": {"attachment.exported"},
}
OWN_FILE = "the person's own file, as they sent it, with what is wrong in it"
PUBLIC = "what everyone can read"
PROPOSED = "is shown, and changes nothing before a person takes it"
UNSENT = "words that were not sent yet; what becomes of them is an event when they are"
NOT_EXPORTS = {
    "documents.many_example": "an empty example",
    "documents.not_created": OWN_FILE,
    "exports.of_readers": f"{PUBLIC}; an event where the desk knows who asks",
    "feeds.atom": PUBLIC,
    "feeds.as_json": PUBLIC,
    "house.words": "what the editor's script checks words against",
    **dict.fromkeys(
        (
            "documents.candidates",
            "documents.comments",
            "documents.continuation",
            "documents.desk",
            "documents.look_around",
            "documents.looking_at_unsaved",
            "documents.looking_data",
            "documents.open_suggestions",
            "documents.progress",
            "documents.replay_progress",
        ),
        "what an open page asks for, to show it",
    ),
}
UNAUDITED = {
    "account.theme": "light or dark: a cookie of the browser, nothing on the desk",
    "account.second_passkey_options": "a question to the device; the answer is the event",
    "account.passkey_options": "a question to the device; the answer is the event",
    "account.verify_passkey_options": "a question to the device; the answer is the event",
    "account.passkey_to_add": "a question to the device; the answer is the event",
    "notifications.mark": "what somebody has read",
    "notifications.mark_all": "what somebody has read",
    "documents.keep_brief": UNSENT,
    "documents.delete_unfinished": UNSENT,
    "documents.restore_unfinished": UNSENT,
    "documents.many": f"{OWN_FILE}; the documents made of it are events",
    "documents.keep_unsent": UNSENT,
    "documents.discard_unsent": UNSENT,
    "documents.drop_unsent": UNSENT,
    "documents.give_sign": "that a window is open, forgotten within a day",
    "documents.look_over": PROPOSED,
    "documents.looking_at_unsaved": PROPOSED,
    "documents.discard_candidates": "what the machine offered and nobody took; that it was asked is an event",
    "documents.stop_continuation": "what the machine offered and nobody took; that it was asked is an event",
}
# Tables that say how the desk looks to somebody, or keep what was worked out: a change is no act of a person.
QUIET = {
    "acceptances": "how far somebody took over what the machine offered; that they began to is an event",
    "attributions": "who wrote what, worked out from the revisions",
    "brief_batches": f"{OWN_FILE}; the documents made of it are events",
    "bulk_acts": "what was asked of several texts at once; what was done to each is an event of that one",
    "bulk_items": "and what became of each: where it was refused, nothing was done",
    "efforts": "how much was changed, worked out from the revisions",
    "last_seen": "what somebody has seen",
    "login_sessions": "when somebody was here last; beginning and end are events",
    "notices": "what somebody was told, and has read",
    "presences": "who has a window open",
    "request_counts": "how often somebody asked",
    "time_at_work": "how long somebody worked",
    "unfinished_briefs": UNSENT,
    "unsent_texts": UNSENT,
}


class Changes:
    """The tables that a request has changed, savepoints that were rolled back left out, and its events."""

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.actions: list[str] = []
        self._done: list[list[str]] = [[]]  # tables: all in all, then of each savepoint that is open

    def statement(self, conn, cursor, statement, parameters, context, executemany):  # type: ignore[no-untyped-def]
        found = CHANGES.match(statement)
        if found and cursor.rowcount != 0:
            self._done[-1].append(found[1])

    def savepoint(self, conn, name):  # type: ignore[no-untyped-def]
        self._done.append([])

    def rolled_back(self, conn, name, context):  # type: ignore[no-untyped-def]
        if len(self._done) > 1:
            self._done.pop()

    def released(self, conn, name, context):  # type: ignore[no-untyped-def]
        if len(self._done) > 1:
            kept = self._done.pop()
            self._done[-1] += kept

    def end(self, actions: list[str]) -> None:
        self.actions = actions
        self.tables = {one for some in self._done for one in some} - {"audit_events"}

    def expect_events(self, endpoint: str) -> None:
        """A change has left an event."""
        silent = self.tables - QUIET.keys()
        if silent and not self.actions and endpoint not in UNAUDITED:
            raise AssertionError(f"{endpoint} has changed {', '.join(sorted(silent))} and left no event in the log.")


@contextmanager
def watching(connection: Connection) -> Iterator[Changes]:
    changes = Changes()
    listeners = (
        ("after_cursor_execute", changes.statement),
        ("savepoint", changes.savepoint),
        ("rollback_savepoint", changes.rolled_back),
        ("release_savepoint", changes.released),
    )
    for name, listener in listeners:
        event.listen(connection, name, listener)
    last = _ask(connection, "SELECT coalesce(max(id), 0) FROM audit_events")[0]
    try:
        yield changes
    finally:
        for name, listener in listeners:
            event.remove(connection, name, listener)
        changes.end(_ask(connection, f"SELECT action FROM audit_events WHERE id > {last} ORDER BY id"))


def _ask(connection: Connection, words: str) -> list:  # type: ignore[type-arg]
    """Not through SQLAlchemy, where tests count what the application asks."""
    with connection.connection.cursor() as cursor:
        cursor.execute(words)
        return [row[0] for row in cursor.fetchall()]
