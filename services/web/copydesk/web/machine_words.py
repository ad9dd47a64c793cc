"""Where the machine's words stand, in one sentence: what the tint says to the eye, for whoever listens to the page."""

from collections.abc import Mapping, Sequence

from copydesk.documents.paragraphs import blocks

MOST = 8  # paragraphs named one by one
NONE = "No paragraph has words of the machine."


def by_paragraph(spans: Sequence[Mapping[str, str]]) -> str:
    """“The machine’s words: 89 % of paragraph 1, 12 % of paragraph 3.”

    Args:
        spans: the text in pieces that tile it, each with its `text` and its `origin`.
    """
    text = "".join(one["text"] for one in spans)
    origins = [is_machine for one in spans for is_machine in [one["origin"] == "machine"] * len(one["text"])]
    shares: dict[int, int] = {}
    for number, block in enumerate(blocks(text), start=1):
        of_machine = sum(origins[block.start : block.end])
        if of_machine:
            shares[number] = round(100 * of_machine / (block.end - block.start)) or 1
    if not shares:
        return NONE
    named = [f"{share} % of paragraph {number}" for number, share in list(shares.items())[:MOST]]
    more = len(shares) - len(named)
    if more:
        named.append("and some of one more paragraph" if more == 1 else f"and some of {more} more paragraphs")
    return f"The machine’s words: {', '.join(named)}."
