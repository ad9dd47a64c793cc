"""The admin's page of the house: its words and its style; and its words for the editor's script."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from copydesk.accounts.models import Role
from copydesk.documents.delivery import CHECKS, Mode, modes
from copydesk.documents.errors import InvalidInput
from copydesk.documents.housestyle import house, house_words
from copydesk.documents.housestyle.house_words import Entry, WordNotFound
from copydesk.documents.housestyle.tidy import DASHES, SAYS, Rule
from copydesk.web.extensions import db
from copydesk.web.forms import HouseWordForm, SearchForm, WordListForm
from copydesk.web.guards import approved, person

blueprint = Blueprint("house", __name__)
PAGE = 50
CHECK_MODES = {Mode.HOLD: "Holds the delivery", Mode.WARN: "Says so", Mode.OFF: "Is not made"}
REMOVED = "removed_house_word"  # in the admin's cookie, so that it can be put back


@blueprint.get("/admin/house")
@approved(Role.ADMIN)
def index() -> ResponseReturnValue:
    return _page()


@blueprint.post("/admin/house/words")
@approved(Role.ADMIN)
def add() -> ResponseReturnValue:
    form = HouseWordForm()
    form.validate_on_submit()

    def act() -> str:
        new = house_words.add(db.session(), person(), form.word.data or "", form.instead_of.data or "")
        return f"“{new.word}” is in the list."

    return _do(act, form, word_form=form)


@blueprint.post("/admin/house/list")
@approved(Role.ADMIN)
def add_list() -> ResponseReturnValue:
    """Every line of a pasted list, or none."""
    form = WordListForm()

    def act() -> str:
        done = house_words.read_list(db.session(), person(), form.pasted.data or "")
        known = f" {done.known:,} were there already." if done.known else ""
        return f"{done.added:,} words were added.{known}"

    if not form.validate_on_submit():
        return _page(list_form=form), 400
    return _do(act, form, list_form=form)


@blueprint.post("/admin/house/words/<int:word_id>/remove")
@approved(Role.ADMIN)
def remove(word_id: int) -> ResponseReturnValue:
    try:
        gone = house_words.remove(db.session(), person(), word_id)
    except WordNotFound as error:
        db.session.rollback()
        flash(str(error), "error")
        return _back()
    session[REMOVED] = {"word": gone.word, "instead_of": gone.instead_of or ""}
    db.session.commit()
    return _back()


@blueprint.post("/admin/house/style")
@approved(Role.ADMIN)
def style() -> ResponseReturnValue:
    house.set_style(db.session(), person(), rules=request.form.getlist("rule"), dash=request.form.get("dash", ""))
    db.session.commit()
    flash("The house’s style is kept. It holds from the next tidy-up on.", "success")
    return redirect(url_for("house.index", _anchor="style"), 303)


@blueprint.post("/admin/house/checks")
@approved(Role.ADMIN)
def checks() -> ResponseReturnValue:
    """How strictly each check before delivery is taken."""
    chosen = {name: request.form[name] for name in CHECKS if name in request.form}
    modes.choose(db.session(), person(), chosen)
    db.session.commit()
    flash("Kept. It holds from the next delivery on.", "success")
    return redirect(url_for("house.index", _anchor="checks"), 303)


@blueprint.get("/house/words.json")
@approved()
def words() -> ResponseReturnValue:
    """Every word, for the editor's script; the address names the version, so a browser asks once for each."""
    found = [[entry.word, entry.instead_of] for entry in house_words.everything(db.session())]
    answer = Response(current_app.json.dumps({"words": found}), mimetype="application/json")
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


def described() -> dict[str, Any]:
    """Where the editor's script finds the words; none to look for, none to ask for."""
    version = house_words.version(db.session())
    return {"words": None if version == "0-0" else url_for("house.words", v=version)}


def _do(act: Callable[[], str], form: Any, **forms: Any) -> ResponseReturnValue:
    try:
        said = act()
        db.session.commit()
    except InvalidInput as error:
        db.session.rollback()
        getattr(form, error.field, next(iter(form))).errors = [str(error)]
        return _page(**forms), 400
    session.pop(REMOVED, None)
    flash(said, "success")
    return _back()


def _back() -> ResponseReturnValue:
    """To the page one came from: the same search, the same part of the list."""
    return redirect(
        url_for("house.index", q=request.args.get("q") or None, page=_number() if _number() > 1 else None), 303
    )


def _number() -> int:
    return min(max(1, request.args.get("page", 1, type=int)), 10_000)


def _page(**forms: Any) -> str:
    search = SearchForm(request.args)
    q = (search.q.data or "") if search.validate() else ""
    page = _number()
    found, count = house_words.find(db.session(), q, limit=PAGE, offset=(page - 1) * PAGE)
    chosen, strict = house.style(db.session()), modes.modes(db.session())
    gone = session.pop(REMOVED, None)
    return render_template(
        "admin/house.html",
        words=found,
        count=count,
        page=page,
        first=(page - 1) * PAGE + 1,
        last=(page - 1) * PAGE + len(found),
        more=page * PAGE < count,
        q=q,
        gone=Entry(gone["word"], gone["instead_of"]) if gone else None,
        rules=[{"name": rule.value, "says": SAYS[rule], "on": rule in chosen.rules} for rule in Rule],
        checks=[(one, strict[one.name]) for one in CHECKS.values()],
        modes=CHECK_MODES,
        dashes=list(DASHES),
        dash=chosen.dash,
        most=house_words.MOST_WORDS,
        **{"word_form": HouseWordForm(formdata=None), "list_form": WordListForm(formdata=None), **forms},
    )
