"""Who may open which page. Every route carries a guard; one without is refused, and a test fails."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from copydesk.accounts.models import Role, Status, User
from copydesk.web import login_cookie, postponed
from copydesk.web.extensions import db

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

# Routes that are not ours and are open to everyone.
PUBLIC_ENDPOINTS = frozenset({"static", "security.login", "security.logout"})


def public(view: View) -> View:
    """Everyone may open this page, also without an account."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def any_account(view: View) -> View:
    """Everyone with an account may open this page, also while it waits for approval."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return ask_to_log_in()
        return view(*args, **kwargs)

    guarded.guard = "any account"  # type: ignore[attr-defined]
    return cast(View, guarded)


def approved(*roles: Role) -> Callable[[View], View]:
    """Approved people with one of these roles (all roles when none is named) may open this page."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            refusal = _refusal(roles)
            return view(*args, **kwargs) if refusal is None else refusal

        guarded.guard = ", ".join(sorted(roles)) or "approved"  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def fresh(back: str, what: str = "") -> Callable[[View], View]:
    """Behind `approved`: for what is dangerous, somebody must have shown a moment ago who they are.

    `back`: the endpoint from which it is done; `what`: for a form, what it does ("You wanted to …"), so that it can be
    done afterwards without being typed again; `{name}` is that of the person whom the address names.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if login_cookie.is_fresh():
                postponed.done(request.path)
                return view(*args, **kwargs)
            where = request.full_path.rstrip("?") if request.method == "GET" else url_for(back)
            there = url_for("account.verify", next=where)
            if wants_json():
                return {"error": "Please show once more who you are.", "verify": there}, 403
            if request.method == "POST" and what and postponed.keep(_in_words(what), url_for(back)):
                return redirect(url_for("account.verify", next=url_for("account.postponed_act")), 303)
            then = ", then do it again" if request.method == "POST" else ""
            flash(f"This needs to be sure that it is you. Show it once more{then}.", "warning")
            return redirect(there, 303)

        guarded.fresh = True  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def _in_words(what: str) -> str:
    user = db.session.get(User, (request.view_args or {}).get("user_id", 0))
    return what.format(name=user.name if user else "somebody")


def person() -> User:
    """The person of this request; only behind `approved` or `any_account`."""
    return cast(User, current_user._get_current_object())


def refuse_unguarded() -> None:
    """Default deny: a route that forgot its guard is closed, not open."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC_ENDPOINTS:
        return
    if not hasattr(current_app.view_functions[endpoint], "guard"):
        abort(403)


def ask_to_log_in() -> ResponseReturnValue:
    """The login page, or 401 for a program; after logging in, the person is where they wanted to be."""
    if _prefers_json():
        return {"error": "Please log in."}, 401
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("security.login", next=back))


def wants_json() -> bool:
    return request.path.endswith(".json") or _prefers_json()


def _prefers_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def _refusal(roles: tuple[Role, ...]) -> ResponseReturnValue | None:
    if not current_user.is_authenticated:
        return ask_to_log_in()
    if current_user.status is Status.PENDING:
        if wants_json():
            return {"error": "Your account is waiting for approval."}, 403
        return Response(render_template("auth/waiting.html"), status=403)
    if roles and current_user.role not in roles:
        abort(403)
    return None
