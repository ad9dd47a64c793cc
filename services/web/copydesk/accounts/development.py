"""The people of a development desk, so that one can look around at once. They can never exist in production."""

from collections.abc import Callable

from sqlalchemy import func
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts.errors import NotInProduction
from copydesk.accounts.models import Role, Status, User
from copydesk.accounts.operations import find_by_email
from copydesk.config import Settings

DEVELOPMENT_PEOPLE = (
    ("Dana Admin", "admin@test.com", "password", Role.ADMIN),
    ("Tess Sponsor", "test@test.com", "123456", Role.SPONSOR),
    ("Edda Editor", "editor@test.com", "123456", Role.EDITOR),
)


def create_development_people(session: Session, settings: Settings, hash_password: Callable[[str], str]) -> list[User]:
    """Make those of the development people who are missing.

    Raises:
        NotInProduction: when the desk is not a development or test desk.
    """
    if settings.is_production:
        raise NotInProduction
    made = []
    for name, email, password, role in DEVELOPMENT_PEOPLE:
        if find_by_email(session, email) is None:
            user = User(
                name=name,
                email=email,
                organization="Copydesk",
                role=role,
                status=Status.APPROVED,
                password=hash_password(password),
                confirmed_at=func.now(),
            )
            session.add(user)
            session.flush()
            audit.record(
                session,
                "account.development",
                actor_id=None,
                object_type="user",
                object_id=user.id,
                after={"email": email},
            )
            made.append(user)
    return made


def is_development_person(email: str) -> bool:
    return email.lower() in {person[1] for person in DEVELOPMENT_PEOPLE}
