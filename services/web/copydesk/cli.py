"""The command `copydesk`. Each command is imported only when it is called: no process loads what it doesn't need."""

import importlib
import importlib.util
import os
from typing import Any

import click

from copydesk import __version__
from copydesk.config import ConfigurationError

MODELS = {
    "list": ("copydesk.engine.models_cli:list_command", "The models at hand."),
    "pull": ("copydesk.engine.models_cli:pull_command", "Fetch a model from the Hugging Face hub."),
    "verify": ("copydesk.engine.models_cli:verify_command", "Compare models with their cards."),
    "use": ("copydesk.autodocs.model_command:use", "Choose the model that writes new drafts."),
}
AUDIT = {
    "verify": ("copydesk.audit.commands:verify", "Check that the audit log is as it was written."),
}
COMMANDS = {
    "web": ("copydesk.web.commands:web", "Serve the pages."),
    "replay": ("copydesk.worker.replay_command:replay", "Write a draft again and compare."),
    "worker": ("copydesk.worker.commands:worker", "Write drafts and send mail."),
    "engine": ("copydesk.engine.cli:engine", "Serve the model to the worker."),
    "migrate": ("copydesk.web.commands:migrate", "Bring the database to the newest schema."),
    "create-admin": ("copydesk.web.commands:create_admin", "Make the first admin of a desk."),
    "development-people": (
        "copydesk.web.commands:development_people",
        "Make the people of a development desk.",
    ),
    "shell": ("copydesk.web.commands:shell", "A Python shell with the application loaded."),
    "models": ("copydesk.cli:models", "List, fetch, verify and choose models."),
    "audit": ("copydesk.cli:audit", "Check the audit log."),
    "backup": ("copydesk.backup.commands:backup", "Write the whole desk into one file."),
    "restore": ("copydesk.backup.commands:restore", "Make the desk again from a backup."),
    "write": ("copydesk.engine.cli:write", "Let the model go on from a text."),
    "verify": ("copydesk.documents.records.verify_command:verify", "Check a document's record, offline."),
    "train": ("copydesk.training.cli:train", "Train and evaluate models."),
    "desk": ("copydesk.local.cli:desk", "Run the whole desk on this machine."),
}


# They work on a desk: on a machine where one runs with `make run`, they find its database by themselves.
AT_A_DESK = {
    "audit", "backup", "create-admin", "development-people", "migrate", "replay", "restore", "shell", "use",
}  # fmt: skip
ANYWHERE = {("backup", "verify"), ("backup", "age")}  # these ask for no desk


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, not to list it."""

    lazy = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return None
        module, _, name = self.lazy[cmd_name][0].partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:  # an image holds what its process needs, and no more
            raise click.ClickException(
                f"{cmd_name} is not part of this installation: {error.name} is missing."
            ) from error
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name in AT_A_DESK and "--help" not in rest and (name, *rest[:1]) not in ANYWHERE:
            _join_running_desk()
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in self.lazy.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error


class ModelCommands(LazyGroup):
    lazy = MODELS


class AuditCommands(LazyGroup):
    lazy = AUDIT


def _join_running_desk() -> None:
    """Take the running desk's environment where none is given; in containers it always is."""
    if os.environ.get("DATABASE_URL") or importlib.util.find_spec("psutil") is None:
        return
    from copydesk.local.running import NoDesk, join

    try:
        os.environ.update(join())
    except NoDesk as error:
        raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="copydesk")
def main() -> None:
    """Copydesk: a machine drafts, a person answers for every word."""


@click.group(cls=ModelCommands)
def models() -> None:
    """List, fetch, verify and choose models."""


@click.group(cls=AuditCommands)
def audit() -> None:
    """Check the audit log."""


if __name__ == "__main__":
    main(prog_name="copydesk")
