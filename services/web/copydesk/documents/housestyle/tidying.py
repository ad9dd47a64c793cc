"""Letting the house's rules go over a text: a revision of the tool's, in the name of who let it. The caller commits."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from copydesk.accounts.models import User
from copydesk.documents import access, chain, revising
from copydesk.documents.errors import InvalidInput, StaleHead
from copydesk.documents.housestyle import house
from copydesk.documents.housestyle.tidy import Rule, Style, count, tidy
from copydesk.documents.models import Kind, Revision
from copydesk.documents.workflow import Act

TOOL = "tidy"


@dataclass(frozen=True)
class Preview:
    """What the chosen rules would make of a text, and how many places each rule would change."""

    after: str
    chosen: frozenset[Rule]
    places: dict[Rule, int]


def preview(session: Session, body: str, rules: Iterable[str] | None = None) -> Preview:
    """The text with these rules, or with the house's own choice of them; nothing is changed."""
    chosen = _style(session, rules)
    return Preview(tidy(body, chosen), chosen.rules, count(body, chosen))


def apply(session: Session, document_id: uuid.UUID, actor: User, *, base: int, rules: Iterable[str]) -> Revision:
    """The rules go over the text as it stands. Where they find nothing, nothing is added.

    Raises:
        StaleHead: the text is another one than that of which the difference was shown.
        InvalidInput: no rule was chosen, or there is no such rule.
    """
    document = access.lock_for(session, document_id, Act.TIDY, actor)
    head = revising.head_text(session, document)
    if head is None or head.number != base:
        raise StaleHead
    chosen = _style(session, rules)
    if not chosen.rules:
        raise InvalidInput("rules", "Please choose at least one rule.")
    body = tidy(head.body, chosen)
    if body == head.body:
        return head
    revising.check_length(body)
    revision = chain.append(
        session, document, kind=Kind.TOOL, title=head.title, body=body, author_id=actor.id, tool=TOOL
    )
    access.enter(document, Act.TIDY)
    after: dict[str, object] = {"revision": revision.number, "rules": sorted(chosen.rules)}
    access.record(session, Act.TIDY, document, actor, before=document.state, extra=({"revision": head.number}, after))
    return revision


def _style(session: Session, rules: Iterable[str] | None) -> Style:
    known = house.style(session)
    if rules is None:
        return known
    chosen = set(rules)
    if not chosen <= set(Rule):
        raise InvalidInput("rules", "Please choose from the rules on the page.")
    return replace(known, rules=frozenset(Rule(one) for one in chosen))
