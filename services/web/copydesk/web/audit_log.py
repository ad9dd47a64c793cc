"""For admins: who did what, when, from where; whether the log is whole; and taking it along."""

import csv
import datetime as dt
import io
import json
import tempfile
from typing import IO, cast
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select

from copydesk import audit
from copydesk.accounts import zones
from copydesk.accounts.models import Role, User
from copydesk.audit import AuditEvent, chain, reading
from copydesk.audit.reading import Wanted
from copydesk.rights import telling
from copydesk.web.csv_cells import harmless
from copydesk.web.extensions import db
from copydesk.web.forms import AuditFilterForm
from copydesk.web.guards import approved, fresh, person
from copydesk.web.limits import COSTLY, limiter

blueprint = Blueprint("audit_log", __name__, url_prefix="/admin")
PAGE = 100
KEPT_IN_MEMORY = 4 * 1024**2
COLUMNS = (
    "id", "at", "actor_id", "actor", "action", "object_type", "object_id", "before", "after", "note", "source",
    "address", "request_id",
)  # fmt: skip


@blueprint.get("/log")
@approved(Role.ADMIN)
@limiter.limit(COSTLY)
def show() -> ResponseReturnValue:
    """The newest first, as many as fit on a page."""
    form = AuditFilterForm(request.args)
    wanted, nobody = _wanted(form)
    before = request.args.get("before", type=int)
    found = [] if nobody else list(reading.newest(db.session(), wanted, before=before, limit=PAGE + 1))
    return render_template(
        "admin/audit_log.html",
        form=form,
        events=found[:PAGE],
        people=_people(found[:PAGE]),
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        asked={name: value for name, value in request.args.items() if name != "before" and value},
        first=before is None,
        could_change_the_log=telling.could_change_the_log(db.session()),
    )


@blueprint.post("/log/check")
@approved(Role.ADMIN)
@limiter.limit("6/minute")
def check() -> ResponseReturnValue:
    """Every seal is computed anew."""
    chain.seal(db.session())
    db.session.commit()
    found = chain.check(db.session())
    words = {"sealed": found.sealed, "fault": found.fault}
    audit.record(db.session(), "audit.checked", actor_id=person().id, object_type="audit", object_id="log", after=words)
    db.session.commit()
    return render_template("admin/audit_checked.html", found=found)


@blueprint.get("/log.csv")
@approved(Role.ADMIN)
@fresh("audit_log.show")
@limiter.limit("12/minute")
def as_csv() -> ResponseReturnValue:
    """What the page shows with these filters, whole; that it was taken is an event itself."""
    wanted, nobody = _wanted(AuditFilterForm(request.args))
    facts = {"filters": {name: value for name, value in request.args.items() if value}}
    audit.record(
        db.session(), "audit.exported", actor_id=person().id, object_type="audit", object_id="log", after=facts
    )
    db.session.commit()
    lines = _lines(wanted, nobody)
    response = send_file(lines, mimetype="text/csv", as_attachment=True, download_name="audit-log.csv", max_age=0)
    response.headers["Cache-Control"] = "no-store"
    return response


def _lines(wanted: Wanted, nobody: bool) -> IO[bytes]:
    """The whole table before the first line is sent: what breaks midway is an error, not a shorter log."""
    out = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115  closed by the server, when it was sent
    written = io.TextIOWrapper(out, encoding="utf-8", newline="")
    table = csv.writer(written)
    table.writerow(COLUMNS)
    names = dict(db.session.execute(select(User.id, User.name)).all())
    for event in () if nobody else reading.oldest_first(db.session(), wanted):
        row = [
            event.id, event.at.astimezone(dt.UTC).isoformat(), event.actor_id, names.get(event.actor_id or 0, ""),
            event.action, event.object_type, event.object_id, json.dumps(event.before, ensure_ascii=False),
            json.dumps(event.after, ensure_ascii=False), event.note, event.source, event.address, event.request_id,
        ]  # fmt: skip
        table.writerow([harmless(cell) for cell in row])
    written.flush()
    written.detach()
    out.seek(0)
    return cast(IO[bytes], out)


def _wanted(form: AuditFilterForm) -> tuple[Wanted, bool]:
    """What is asked for, and whether nobody can be meant by the name that was typed."""
    good = form.validate()
    errors = form.errors if not good else {}

    def typed(name: str) -> str:
        return "" if name in errors else (form[name].data or "").strip()

    zone = zones.zone_of(person())
    since = _day(None if "since" in errors else form.since.data, zone)
    until = _day(None if "until" in errors else form.until.data, zone)
    who = typed("who")
    actor_id = _actor(who) if who else None
    wanted = Wanted(
        actor_id=actor_id,
        action=typed("act"),
        object_type=typed("kind"),
        object_id=typed("object"),
        address=typed("address"),
        since=since,
        until=until + dt.timedelta(days=1) if until else None,
    )
    return wanted, bool(who) and actor_id is None


def _day(day: dt.date | None, zone: ZoneInfo) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), zone) if day else None


def _actor(typed: str) -> int | None:
    """The person of this address, or of this whole name."""
    wanted = typed.lower()
    query = select(User.id).where(or_(func.lower(User.email) == wanted, func.lower(User.name) == wanted))
    return db.session.scalars(query.order_by(User.id)).first()


def _people(events: list[AuditEvent]) -> dict[int, str]:
    ids = {event.actor_id for event in events if event.actor_id is not None}
    return dict(db.session.execute(select(User.id, User.name).where(User.id.in_(ids))).all())
