"""Run every measurement, print the tables, write `bench/results.json`."""

import json
import os
import sys
import tempfile
from pathlib import Path

import click

from bench import desk, engines, machine

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"


def tokenizer() -> Path | None:
    """GPT-2's own tokenizer: a folder named by COPYDESK_TOKENIZER, or beside the repository."""
    shared = Path(os.environ.get("COPYDESK_SHARED", ROOT.parent / "shared"))
    folder = Path(os.environ.get("COPYDESK_TOKENIZER", shared / "data" / "gpt2-tokenizer"))
    return folder if (folder / "vocab.json").exists() else None


def show(title: str, rows: list[dict[str, object]]) -> None:
    click.echo(f"\n{title}")
    widths = {key: max(len(str(key)), *(len(str(row[key])) for row in rows)) for key in rows[0]}
    for row in [dict(zip(widths, widths, strict=True)), *rows]:
        click.echo("  " + "  ".join(str(row[key]).ljust(width) for key, width in widths.items()))


def main() -> None:
    results: dict[str, object] = {"machine": machine.describe()}
    click.echo(" · ".join(f"{name} {value}" for name, value in machine.describe().items()))
    with tempfile.TemporaryDirectory() as folder:
        results["desk"] = desk.run(Path(folder))
        show("A desk on the seed model, idle", results["desk"])
        where = tokenizer()
        if where is None:
            click.echo("\nGPT-2's tokenizer was not found, so the engines are left out: set COPYDESK_TOKENIZER.")
        else:
            results["engines"] = engines.run(where, Path(folder))
            show("124M architecture, random weights, 20-token prompt, 80 new tokens", results["engines"])
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    click.echo(f"\nWritten to {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
