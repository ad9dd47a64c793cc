"""What every template knows: the theme, the built assets, words for states, times, and what the person may do."""

from typing import Any

from flask import Flask, request
from flask_login import current_user

from copydesk.config import Settings
from copydesk.documents import marked_reading, policy
from copydesk.documents.hidden import visible
from copydesk.documents.models import Document, State
from copydesk.documents.workflow import Act
from copydesk.web import clock
from copydesk.web.assets import asset
from copydesk.web.cookies import host_name
from copydesk.web.machine_words import by_paragraph
from copydesk.web.pausing import drafting_pause

THEMES = ("auto", "light", "dark")

STATE_LABELS = {
    State.DRAFTING: "Drafting",
    State.DRAFT_FAILED: "Draft failed",
    State.CHOOSING: "Choosing",
    State.UNASSIGNED: "Waits for an editor",
    State.EDITING: "Editing",
    State.QUESTION: "Question",
    State.SIGNOFF: "Sign-off",
    State.APPROVED: "Approved",
    State.PUBLISHED: "Published",
    State.RETRACTED: "Retracted",
    State.WITHDRAWN: "Withdrawn",
}
STATE_CHIPS = {
    State.DRAFTING: "",
    State.DRAFT_FAILED: "bad",
    State.CHOOSING: "wait",
    State.UNASSIGNED: "wait",
    State.EDITING: "on",
    State.QUESTION: "wait",
    State.SIGNOFF: "wait",
    State.APPROVED: "ok",
    State.PUBLISHED: "ok",
    State.RETRACTED: "bad",
    State.WITHDRAWN: "",
}

ACTS = {
    "publish_in_an_emergency": Act.PUBLISH_IN_EMERGENCY,
    "keep_the_edition": Act.KEEP_EDITION,
    "approve": Act.SIGN,
    "decide": Act.DECIDE_CHANGE,
    "answer_todo": Act.ANSWER_TODO,
    "brief": Act.EDIT_BRIEF,
    "redraft_passage": Act.ASK_PASSAGE,
}


class Can:
    """`can.save(document)` in a template: may the person of this request do this now?"""

    def __init__(self, claiming: bool) -> None:
        self.claiming = claiming

    def __getattr__(self, name: str) -> Any:
        if name == "create":
            return lambda: current_user.is_authenticated and policy.can_create(current_user)
        act = ACTS.get(name) or Act(name.replace("_", " "))
        return lambda document: self._may(act, document)

    def _may(self, act: Act, document: Document) -> bool:
        return current_user.is_authenticated and policy.can(act, current_user, document, claiming=self.claiming)


def install(app: Flask) -> None:
    settings: Settings = app.config["COPYDESK"]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        when=clock.when,
        ago=clock.ago,
        due=clock.due,
        machine_words=by_paragraph,
        as_read=marked_reading.render,
        visible=visible,
    )
    app.jinja_env.tests["late"] = clock.is_late
    can = Can(settings.claiming)

    @app.context_processor
    def common() -> dict[str, Any]:
        theme = request.cookies.get(host_name("theme"), "auto")
        return {
            "theme": theme if theme in THEMES else "auto",
            "asset": asset,
            "can": can,
            "state_label": lambda state: STATE_LABELS[State(state)],
            "chip_class": lambda state: STATE_CHIPS[State(state)],
            "claiming": settings.claiming,
            "drafting_pause": drafting_pause,
            "viewer_zone": lambda: clock.viewer_zone().key.replace("_", " "),
        }
