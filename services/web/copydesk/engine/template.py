"""Prompt templates: a text with named places, such as `{title}\\n\\n{brief}`. Any other brace is just a brace."""

import re
from collections.abc import Mapping

PLACEHOLDERS = ("title", "brief")  # known for every document; any other name is metadata
_PLACE = re.compile(r"\{([a-z][a-z_0-9]{0,31})\}")


def placeholders(template: str) -> list[str]:
    """The names of its places, in order, each once."""
    return list(dict.fromkeys(_PLACE.findall(template)))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its places filled; what was put in is not looked at again.

    Raises:
        KeyError: there is no value for a place.
    """
    return _PLACE.sub(lambda found: values[found[1]], template)
