"""The command that writes a draft again and says whether it came out the same."""

import uuid

import click
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from copydesk.autodocs.models import Autodoc, DraftKind, DraftState
from copydesk.config import Settings, settings
from copydesk.db import make_engine, transaction
from copydesk.engine.errors import EngineError, ModelError
from copydesk.worker.engines import Engines
from copydesk.worker.replaying import Recalled, Replayer


@click.command()
@click.argument("draft")
def replay(draft: str) -> None:
    """Write DRAFT again from its record, and say "identical" or show the first difference.

    DRAFT is a draft's number in the database, or a document's id, with #NUMBER for another than its newest draft.
    Ends with 1 where the text is another.
    """
    kept, done = _replay(draft, settings())
    click.echo(f"draft {kept.id}: {kept.model} ({done.model_sha256[:16]}), seed {kept.seed}, {done.tokens} tokens")
    if done.engine != kept.engine:
        click.echo(f"written by {kept.engine}, replayed by {done.engine}")
    found = done.found
    if found.identical:
        click.echo("identical")
        return
    place = f"at character {found.character}" + (f", token {found.token}" if found.token is not None else "")
    click.echo(f"the first difference is {place} of the model's words (both count from 0)")
    click.echo(f"  expected: {found.expected!r}")
    click.echo(f"  got:      {found.got!r}")
    raise SystemExit(1)


def _replay(name: str, config: Settings) -> tuple[Autodoc, Recalled]:
    database = make_engine(config.sqlalchemy_url, pool_size=1)
    try:
        with transaction(database) as session:
            draft = _find(session, name)
        if draft.state is not DraftState.DONE:
            raise click.ClickException(
                f"Draft {draft.id} was not finished ({draft.state}): there is nothing to compare."
            )
        return draft, Replayer(database, Engines(config).for_model).recall(draft)
    except (EngineError, ModelError) as error:
        detail = getattr(error, "detail", "")
        raise click.ClickException(f"{error} ({detail})" if detail else str(error)) from error
    finally:
        database.dispose()


def _find(session: Session, name: str) -> Autodoc:
    draft: Autodoc | None = session.scalars(_query(name).limit(1)).one_or_none()
    if draft is None:
        raise click.ClickException(f"There is no draft {name!r}.")
    return draft


def _query(name: str) -> Select[Autodoc]:
    document, _, number = name.partition("#")
    if document.isdecimal() and not number:
        return select(Autodoc).where(Autodoc.id == int(document))
    try:
        query = select(Autodoc).where(Autodoc.document_id == uuid.UUID(document))
    except ValueError:
        raise click.ClickException("DRAFT is a draft's number, or a document's id, as in 0b6f…-…#2.") from None
    if number:
        if not number.isdecimal():
            raise click.ClickException(f"{number!r} is no number of a draft.")
        return query.where(Autodoc.number == int(number))
    done = query.where(Autodoc.kind == DraftKind.WHOLE, Autodoc.state == DraftState.DONE)
    return done.order_by(Autodoc.number.desc())
