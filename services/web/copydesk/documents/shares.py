"""How much of a text came from whom."""

from collections.abc import Sequence

from copydesk.documents.authorship import Span


def shares(spans: Sequence[Span]) -> dict[str, int]:
    """In whole percent that sum to 100: machine, human, brief; all zero for no text."""
    lengths = {"machine": 0, "human": 0, "brief": 0}
    for span in spans:
        lengths["human" if span.origin == "tool" else span.origin] += span.end - span.start
    total = sum(lengths.values())
    if not total:
        return lengths
    percent = {name: 100 * length // total for name, length in lengths.items()}
    by_rest = sorted(lengths, key=lambda name: (100 * lengths[name]) % total, reverse=True)
    for name in by_rest[: 100 - sum(percent.values())]:
        percent[name] += 1
    return percent
