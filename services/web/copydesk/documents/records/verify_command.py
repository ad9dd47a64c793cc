"""`copydesk verify`: is a record what the desk wrote? Needs no desk, no database and no configuration."""

import sys
from pathlib import Path

import click

from copydesk.documents.records import verification


@click.command()
@click.argument("records", nargs=-1, required=True, metavar="RECORD.json …", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def verify(records: tuple[Path, ...], as_json: bool) -> None:
    """Check records offline and name the first link that does not hold.

    Ends with 0 when every record is whole, else with 1.
    """
    reports = []
    for path in records:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise click.ClickException(f"{path} can't be read: {error.strerror}.") from error
        reports.append(verification.verify(raw, str(path)))
    for line in verification.shown(reports, as_json=as_json):
        click.echo(line)
    sys.exit(0 if all(one.holds for one in reports) else 1)
