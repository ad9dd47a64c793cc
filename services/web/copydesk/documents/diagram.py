"""The README's state diagram and table of acts, drawn from the transitions table.

`python -m copydesk.documents.diagram README.md` writes them between their marks; a test fails when they are stale.
"""

import re
import sys
from pathlib import Path

from copydesk.documents.models import State
from copydesk.documents.workflow import TRANSITIONS, Transition

MARKS = re.compile(r"(<!-- transitions -->\n).*?(<!-- /transitions -->)", re.DOTALL)
NAMES = {
    State.DRAFTING: "Drafting",
    State.DRAFT_FAILED: "Draft_failed",
    State.CHOOSING: "Choosing",
    State.UNASSIGNED: "Unassigned",
    State.EDITING: "Editing",
    State.QUESTION: "Question",
    State.SIGNOFF: "Sign_off",
    State.APPROVED: "Approved",
    State.PUBLISHED: "Published",
    State.RETRACTED: "Retracted",
    State.WITHDRAWN: "Withdrawn",
}

WITHDRAWING = "Withdrawing leads from every unfinished state to `withdrawn`, and taking up again leads back."


def mermaid() -> str:
    """The diagram in Mermaid's words: an arrow a pair of states, with every act that leads from one to the other."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TRANSITIONS.values():
        for source in row.sources or (None,):
            for target in row.targets or (source,):
                if State.WITHDRAWN in (source, target) or target == source:
                    continue
                pair = (NAMES[source] if source else "[*]", NAMES[target] if target else "[*]")
                arrows.setdefault(pair, []).append(row.act.value)
    lines = [f"    {source} --> {target}: {', '.join(acts)}" for (source, target), acts in arrows.items()]
    return "\n".join(["stateDiagram-v2", *lines])


def table() -> str:
    """One line an act: from where, to where, who."""
    lines = ["| act | from | to | who |", "|---|---|---|---|"]
    return "\n".join(lines + [_line(row) for row in TRANSITIONS.values()])


def section() -> str:
    return f"```mermaid\n{mermaid()}\n```\n\n{WITHDRAWING}\n\n{table()}\n"


def _line(row: Transition) -> str:
    sources = ", ".join(f"`{state}`" for state in row.sources) or "nothing"
    targets = " or ".join(f"`{state}`" for state in row.targets) or "stays"
    who = ", ".join(who.value for who in row.who)
    comment = ", with a reason" if row.comment else ""
    return f"| {row.act} | {sources} | {targets} | {who}{comment} |"


def rewrite(path: Path) -> None:
    """Put the section into the file, between its marks."""
    text = path.read_text(encoding="utf-8")
    path.write_text(MARKS.sub(lambda found: found[1] + section() + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
