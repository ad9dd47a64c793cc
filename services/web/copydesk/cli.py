"""The command `copydesk`. Each command is imported only when it is called: no process loads what it doesn't need."""

import importlib
from typing import Any

import click

from copydesk import __version__
from copydesk.config import ConfigurationError

COMMANDS = {
    "web": ("copydesk.web.commands:web", "Serve the pages."),
    "worker": ("copydesk.worker.commands:worker", "Write drafts and send mail."),
    "engine": ("copydesk.engine.cli:engine", "Serve the model to the worker."),
    "migrate": ("copydesk.web.commands:migrate", "Bring the database to the newest schema."),
    "create-admin": ("copydesk.web.commands:create_admin", "Make the first admin of a desk."),
    "development-people": (
        "copydesk.web.commands:development_people",
        "Make the people of a development desk.",
    ),
    "shell": ("copydesk.web.commands:shell", "A Python shell with the application loaded."),
    "models": ("copydesk.engine.cli:models", "List, fetch and verify models."),
    "write": ("copydesk.engine.cli:write", "Let the model go on from a text."),
    "train": ("copydesk.training.cli:train", "Train and evaluate models."),
    "desk": ("copydesk.local.cli:desk", "Run the whole desk on this machine."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="copydesk")
def main() -> None:
    """Copydesk: a machine drafts, a person answers for every word."""


if __name__ == "__main__":
    main(prog_name="copydesk")
