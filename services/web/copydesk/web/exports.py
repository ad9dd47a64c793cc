"""Texts as files that leave the desk: for its people with the record, for readers what they can read anyway."""

import unicodedata
import uuid
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from copydesk import audit
from copydesk.autodocs import authors, readings, records
from copydesk.autodocs.readings import Reading
from copydesk.documents import disclosure, editions, exporting, notices, revising
from copydesk.documents.errors import WrongState
from copydesk.documents.exporting import files
from copydesk.documents.exporting.blocks import Block
from copydesk.documents.exporting.files import File
from copydesk.documents.exporting.manuscript import Format, Manuscript, NotExported, Notice
from copydesk.documents.models import Document, Kind
from copydesk.documents.records.record import encode
from copydesk.documents.shares import shares
from copydesk.documents.signoff import statements
from copydesk.web import reading as reading_pages
from copydesk.web.documents.routes import config, load
from copydesk.web.export_appendix import appendix
from copydesk.web.extensions import db
from copydesk.web.guards import approved, person, public
from copydesk.web.record_page import record_page

blueprint = Blueprint("exports", __name__)
FOR_READERS = (Format.MARKDOWN, Format.HTML, Format.PDF)
HANDS = (("human", "People"), ("machine", "Machine"), ("brief", "Brief"))


@blueprint.get("/documents/<uuid:document_id>/export")
@approved()
def export(document_id: uuid.UUID) -> ResponseReturnValue:
    """The text as it stands, or an edition of it; with the record as an appendix and as a file beside it."""
    document = load(document_id)
    form, number = _format(), request.args.get("edition", 0, type=int)
    raw = encode(records.of(db.session(), document)) if "record" in request.args else None
    added = appendix(record_page(raw)) if raw is not None else ()
    try:
        one = _of_edition(document, number, added) if number else _of_text(document, added)
        file = files.export(one, form, edition=number or None, fonts=_fonts())
    except NotExported as error:
        db.session.rollback()
        flash(str(error), "error")
        return redirect(url_for("documents.show", document_id=document_id), 303)
    if raw is not None:
        file = files.with_record(file, raw, one.modified)
    _note(document, form, number, with_record=raw is not None)
    return _answer(file)


@blueprint.get("/read/<slug>/<int:number>.<any(md, html, pdf):suffix>")
@public
def of_readers(slug: str, number: int, suffix: str) -> ResponseReturnValue:
    """An edition, for whoever can read it. Noted only where the desk knows who asks."""
    reading = reading_pages.load(slug, number)
    try:
        file = files.export(_manuscript(reading), Format(suffix), edition=number, fonts=_fonts())
    except NotExported as error:
        return Response(str(error), status=503, mimetype="text/plain", headers={"Retry-After": "60"})
    if current_user.is_authenticated and current_user.is_approved:
        _note(reading.document, Format(suffix), number, with_record=False)
    response = _answer(file)
    if not reading.is_public:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _format() -> Format:
    try:
        return Format(request.args.get("format", Format.MARKDOWN.value))
    except ValueError:
        abort(404)


def _fonts() -> Path:
    """Where whoever runs the desk puts fonts for more scripts."""
    return config().data_dir / "fonts"


def _of_edition(document: Document, number: int, added: tuple[Block, ...]) -> Manuscript:
    if not document.edition:
        abort(404)
    reading = readings.of(db.session(), document, editions.page_of(db.session(), document), number)
    if reading is None:
        abort(404)
    return _manuscript(reading, added)


def _manuscript(reading: Reading, added: tuple[Block, ...] = ()) -> Manuscript:
    """An edition with all that stands on its page."""
    edition, url = reading.edition, reading_pages.address(reading)
    when = notices.minute(edition.live_at)
    first = f" · first published {notices.minute(reading.first.live_at)}" if edition.number > 1 else ""
    return Manuscript(
        title=reading.revision.title,
        text=reading.revision.body,
        byline=" · ".join(filter(None, (reading.byline, f"{when}{first}"))),
        notices=notices.of(edition, reading.everything),
        made=(
            ("Editorial responsibility", reading.responsibility),
            *((("Review", reading.review),) if reading.review else ()),
            ("Who wrote the words", _in_words(reading.shares)),
            ("Edition", f"{edition.number}, {when}"),
            ("Where it is published", url),
            ("Fingerprint of the text (SHA-256)", edition.sha256),
        ),
        authors=tuple(reading.writers),
        publisher=reading.document.sponsor.organization,
        modified=edition.live_at,
        published=reading.first.live_at,
        source_type=reading.source_type,
        address=url,
        structured=readings.article(reading, url),
        appendix=added,
    )


def _of_text(document: Document, added: tuple[Block, ...]) -> Manuscript:
    """The saved text, whatever state it is in; it says that it is no edition.

    Raises:
        WrongState: there is no text yet.
    """
    session = db.session()
    head = revising.head_text(session, document)
    if head is None:
        raise WrongState
    tiles = authors.spans(session, document)
    share = shares(tiles)
    names = readings.writers(session, document, {one.author_id for one in tiles if one.origin == Kind.HUMAN.value})
    statement = statements.in_force(session, document)
    signed = statement if statement is not None and statement.sha256 == head.sha256 else None
    label = disclosure.reasons(session, document, head, tiles, responsible=signed is not None)
    answers = ", ".join(filter(None, (signed.responsible_name, signed.responsible_role))) if signed else "Nobody yet"
    return Manuscript(
        title=head.title,
        text=head.body,
        byline=readings.byline(names, share),
        notices=(
            Notice(f"Version {head.number}, saved {notices.minute(head.created_at)}; not an edition for readers."),
            *(Notice(one.says, is_label=True) for one in label),
        ),
        made=(
            ("Editorial responsibility", answers),
            ("Who wrote the words", _in_words(share)),
            ("Fingerprint of the text (SHA-256)", head.sha256),
        ),
        authors=tuple(names),
        publisher=document.sponsor.organization,
        modified=head.created_at,
        source_type=readings.source_type(share),
        appendix=added,
    )


def _in_words(share: dict[str, int]) -> str:
    return ", ".join(f"{says} {share[name]} %" for name, says in HANDS if share[name])


def _note(document: Document, form: Format, number: int, *, with_record: bool) -> None:
    said = f"{'Edition ' + str(number) if number else 'The text'} as {form.says}{', with the record' * with_record}."
    audit.record(
        db.session(),
        exporting.EXPORTED,
        actor_id=person().id,
        object_type="document",
        object_id=document.id,
        after={"format": form.value, "edition": number or None, "record": with_record},
        note=said,
    )
    db.session.commit()


def _answer(file: File) -> Response:
    response = Response(file.content, content_type=file.mimetype)
    response.headers["Content-Disposition"] = _attached(file.name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _attached(name: str) -> str:
    """The name in any script as RFC 5987 has it, and before it one in plain letters for whatever can't read that."""
    stem, _, suffix = name.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode() or "text"
    return f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
