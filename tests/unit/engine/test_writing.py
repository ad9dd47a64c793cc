"""Prefix, cut and trimmed end: what of the model's words becomes the text."""

import pytest

from copydesk.engine.writing import Affixes


@pytest.mark.parametrize(
    ("affixes", "expected"),
    [
        (Affixes(), ("One end. Two end.", " And th")),
        (Affixes(prefix="Zero."), ("Zero. One end. Two end.", " And th")),
        (Affixes(prefix="Zero.", include_prefix=False), ("One end. Two end.", " And th")),
        (Affixes(truncate="Two"), ("One end.", "Two end. And th")),
        (Affixes(truncate=" end."), ("One", " end. Two end. And th")),
        (Affixes(prefix="end.", truncate="end.", include_prefix=False), ("One", "end. Two end. And th")),
        (Affixes(prefix="end.", truncate="end."), ("end. One", "end. Two end. And th")),
        (Affixes(truncate="never"), ("One end. Two end.", " And th")),
    ],
)
def test_what_is_kept(affixes: Affixes, expected: tuple[str, str]) -> None:
    assert affixes.finish(" One end. Two end. And th") == expected
