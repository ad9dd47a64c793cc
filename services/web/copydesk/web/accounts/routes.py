"""The blueprint, and what its views share."""

from flask import Blueprint, current_app

from copydesk.config import Settings

blueprint = Blueprint("account", __name__)


def config() -> Settings:
    return current_app.config["COPYDESK"]  # type: ignore[no-any-return]
