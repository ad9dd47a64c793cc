"""What each person wants to hear by mail, group by group, and the hour of their digest."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.models import User
from copydesk.notifications.kinds import GROUP_OF, GROUPS, Group, How
from copydesk.notifications.models import USUAL_HOUR, WAITS_FOR_DIGEST, Choice, Digest, Notice


def of(session: Session, person: User) -> dict[Group, How]:
    """How this person hears of every group."""
    rows = session.execute(select(Choice.group, Choice.how).where(Choice.person_id == person.id))
    chosen = {row.group: row.how for row in rows}
    return {group: chosen.get(group, facts.usual) for group, facts in GROUPS.items()}


def how(session: Session, person: User, group: Group) -> How:
    query = select(Choice.how).where(Choice.person_id == person.id, Choice.group == group)
    return session.scalars(query).one_or_none() or GROUPS[group].usual


def digest_hour(session: Session, person: User) -> int:
    found = session.scalars(select(Digest.hour).where(Digest.person_id == person.id)).one_or_none()
    return USUAL_HOUR if found is None else found


def choose(
    session: Session,
    person: User,
    wanted: Mapping[Group, How],
    *,
    hour: int | None = None,
    note: str | None = None,
) -> bool:
    """A person's own choice; groups that are not named stay as they are. False: nothing was different."""
    before = of(session, person)
    changed = {group: to for group, to in wanted.items() if before[group] is not to}
    _keep(session, person, changed.items())
    _leave_out_of_digest(session, person, [group for group, to in changed.items() if to is How.PAGE])
    was, now = ({group.value: one[group].value for group in changed} for one in (before, changed))
    if hour is not None and hour != (old := digest_hour(session, person)):
        row = insert(Digest).values(person_id=person.id, hour=hour)
        session.execute(row.on_conflict_do_update(index_elements=[Digest.person_id], set_={"hour": hour}))
        was, now = was | {"digest_hour": str(old)}, now | {"digest_hour": str(hour)}
    if not now:
        return False
    audit.record(
        session,
        "account.notifications_chosen",
        actor_id=person.id,
        object_type="user",
        object_id=person.id,
        before=was,
        after=now,
        note=note,
    )
    return True


def _keep(session: Session, person: User, changed: Iterable[tuple[Group, How]]) -> None:
    for group, to in changed:
        row = insert(Choice).values(person_id=person.id, group=group, how=to)
        session.execute(
            row.on_conflict_do_update(index_elements=[Choice.person_id, Choice.group], set_={"how": row.excluded.how})
        )


def _leave_out_of_digest(session: Session, person: User, groups: Iterable[Group]) -> None:
    """Whoever wants no mail any more gets no last one either."""
    kinds = [kind for kind, group in GROUP_OF.items() if group in set(groups)]
    waiting = update(Notice).where(Notice.person_id == person.id, Notice.kind.in_(kinds), text(WAITS_FOR_DIGEST))
    if kinds:
        session.execute(waiting.values(how=How.PAGE).execution_options(synchronize_session=False))
