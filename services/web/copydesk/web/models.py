"""The admin's room for models: what the engine has, which one writes new drafts, who used which, other servers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.autodocs import availability, default_model
from copydesk.autodocs.availability import CannotUse
from copydesk.autodocs.default_model import BadModelName
from copydesk.config import Settings
from copydesk.engine.errors import EngineError
from copydesk.engine.inventory import ModelList, ModelRow, published
from copydesk.engine.memory import in_words
from copydesk.engine.remote import NotRemote, Remote, is_remote
from copydesk.web.extensions import db
from copydesk.web.forms import OtherServerForm
from copydesk.web.guards import approved, person

blueprint = Blueprint("models", __name__, url_prefix="/admin/models")
log = structlog.get_logger(__name__)
LOCAL_PULL = ".venv/bin/copydesk models pull {}"
LOCAL_USE = ".venv/bin/copydesk models use https://host/v1#model"
CONTAINER_USE = "docker compose --env-file .env.prod -f docker-compose.prod.yml exec worker copydesk models use https://host/v1#model"
CONTAINER_PULL = "docker compose --env-file .env.prod -f docker-compose.prod.yml run --rm models pull {}"
_HUB_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


@dataclass(frozen=True)
class Card:
    """One model on the page, as the engine tells it and as the desk knows it."""

    name: str
    row: ModelRow | None  # none: another server's, or one that is not at hand any more
    remote: Remote | None
    chosen: bool
    documents: int
    waiting: int

    @property
    def gone(self) -> bool:
        return self.row is None and self.remote is None and not self.chosen


@blueprint.get("")
@approved(Role.ADMIN)
def index() -> ResponseReturnValue:
    return _page(OtherServerForm(formdata=None))


@blueprint.post("/use")
@approved(Role.ADMIN)
def use() -> ResponseReturnValue:
    """Let another model write new drafts, if it is there and fits."""
    return _use(request.form.get("name", ""))


@blueprint.post("/server")
@approved(Role.ADMIN)
def server() -> ResponseReturnValue:
    """Ask another server whether it is there; use it if that is what was asked for."""
    form = OtherServerForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        remote = Remote.parse(f"{(form.url.data or '').partition('#')[0]}#{form.model.data or ''}")
        name = default_model.clean_name(remote.name)
        said = availability.check(_settings(), name)
    except (BadModelName, CannotUse, NotRemote) as error:
        form.url.errors = [*form.url.errors, str(error)]
        return _page(form), 422
    if request.form.get("act") == "check":
        return _page(form, said)
    return _use(name)


def _use(name: str) -> ResponseReturnValue:
    try:
        name = default_model.clean_name(name)
        availability.check(_settings(), name)
    except (BadModelName, CannotUse) as error:
        flash(str(error), "error")
        return redirect(url_for("models.index"))
    default_model.use(db.session(), person(), name)
    waiting = default_model.waiting_in_words(
        {each: count for each, count in default_model.waiting(db.session()).items() if each != name}
    )
    db.session.commit()
    log.info("model.use", model=name)
    flash(" ".join([f"New drafts are written by {name}.", *waiting]), "success")
    return redirect(url_for("models.index"))


def _page(form: OtherServerForm, said: str = "") -> str:
    known, problem = _ask_engine()
    session = db.session()
    name = default_model.default_model(session)
    used, waiting = default_model.used_by(session), default_model.waiting(session)
    cards = _cards(known, name, used, waiting)
    return render_template(
        "admin/models.html",
        known=known,
        problem=problem,
        current=next((card for card in cards if card.chosen), None),
        name=name,
        choice=default_model.choice(session),
        shown=[card for card in cards if not card.gone],
        gone=[card for card in cards if card.gone],
        published=[each for each in published() if known is None or known.named(each.name) is None],
        pull=_pull_command,
        use_command=CONTAINER_USE if _settings().is_production else LOCAL_USE,
        wanted=_wanted(),
        form=form,
        said=said,
        in_words=in_words,
    )


def _ask_engine() -> tuple[ModelList | None, str]:
    """What the engine has, or why it could not be asked."""
    try:
        return availability.own_client(_settings()).models(), ""
    except EngineError as error:
        log.warning("models.engine", reason=str(error), detail=error.detail)
        return None, str(error)


def _cards(known: ModelList | None, chosen: str, used: Mapping[str, int], waiting: Mapping[str, int]) -> Sequence[Card]:
    """The chosen one first, then those at hand, then other servers and what was used before."""
    rows = {row.name: row for row in known.rows} if known else {}
    names = dict.fromkeys([*rows, chosen, *sorted(used)])
    cards = [
        Card(
            name=name,
            row=rows.get(name),
            remote=Remote.parse(name) if is_remote(name) else None,
            chosen=name == chosen,
            documents=used.get(name, 0),
            waiting=waiting.get(name, 0),
        )
        for name in names
    ]
    return sorted(cards, key=lambda card: (not card.chosen, card.remote is not None))


def _wanted() -> str:
    """A name on the hub that somebody wants the command for."""
    name = request.args.get("fetch", "").strip().removeprefix("https://huggingface.co/").strip("/")
    return name if _HUB_NAME.fullmatch(name) else ""


def _pull_command(name: str) -> str:
    return (CONTAINER_PULL if _settings().is_production else LOCAL_PULL).format(name)


def _settings() -> Settings:
    settings: Settings = current_app.config["COPYDESK"]
    return settings
