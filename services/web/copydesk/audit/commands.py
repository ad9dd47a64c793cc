"""`copydesk audit`: seal and check the audit log."""

import click

from copydesk.audit import chain
from copydesk.config import settings
from copydesk.db import make_engine, transaction


@click.command()
@click.option(
    "--anchor", "anchors", multiple=True, metavar="POSITION:SHA256", help="A seal written down elsewhere; may repeat."
)
def verify(anchors: tuple[str, ...]) -> None:
    """Compute every seal of the audit log anew; ends with 1 and the first link that does not hold.

    Write the last line down somewhere else now and then: with it as an anchor, even a chain that was made anew from
    the beginning is noticed.
    """
    wanted = dict(_anchor(one) for one in anchors)
    database = make_engine(settings().sqlalchemy_url, pool_size=1)
    try:
        with transaction(database) as session:
            chain.seal(session)
        with transaction(database) as session:
            found = chain.check(session, wanted)
    finally:
        database.dispose()
    if found.fault:
        raise click.ClickException(f"{found.fault} Up to seal {found.sealed} all is as it was.")
    click.echo(f"{found.sealed} events, all as they were written. {found.waiting} wait for their seal.")
    click.echo(f"{found.sealed}:{found.head}")


def _anchor(words: str) -> tuple[int, str]:
    position, _, sha256 = words.partition(":")
    if not position.isdigit() or len(sha256) != 64:
        raise click.BadParameter(f"{words} is not POSITION:SHA256.", param_hint="--anchor")
    return int(position), sha256.lower()
