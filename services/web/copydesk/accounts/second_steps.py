"""The second step of logging in: a code of an app, a passkey, or one of the codes one keeps in a drawer.

Each verb writes its audit row and its letter; the caller commits.
"""

import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from passlib.exc import TokenError
from passlib.totp import TOTP
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from copydesk import audit
from copydesk.accounts import letters
from copydesk.accounts.errors import AccountError
from copydesk.accounts.models import User
from copydesk.accounts.second_step_tables import NAME_MAX, Passkey, RecoveryCode
from copydesk.config import settings

ISSUER = "Copydesk"
RECOVERY_CODES = 10
WINDOW = 30  # seconds that a phone's clock may be wrong, either way
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
CODE_LENGTH = 12  # 59 bits: nobody guesses one, so that a plain hash keeps them


class WrongCode(AccountError):
    """This code is not right, or was used already. Please wait for the next one."""


class SecondStepNeeded(AccountError):
    """On this desk admins log in with a second step, so one must stay. Add another first."""


class PasskeyKnown(AccountError):
    """This passkey is known here already."""


@dataclass(frozen=True)
class Steps:
    """What a person has."""

    app: bool
    passkeys: Sequence[Passkey]
    recovery_codes: int  # that are left

    def __bool__(self) -> bool:
        return self.app or bool(self.passkeys)


def of(session: Session, user: User) -> Steps:
    passkeys = session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)).all()
    left = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return Steps(user.totp_secret is not None, passkeys, session.scalar(left) or 0)


# The app


def new_secret() -> str:
    """A secret for an app, encrypted; it is the person's once they have typed a code of it (`add_app`)."""
    return str(_totp().new().to_json(encrypt=True))


def shown(secret: str, user: User) -> tuple[str, str]:
    """How an app learns it: the address in the picture, and the letters to type."""
    totp = _totp().from_source(secret)
    return str(totp.to_uri(label=user.email)), str(totp.pretty_key())


def add_app(session: Session, user: User, secret: str, code: str) -> None:
    """The person's app knows the secret: it has just shown `code`.

    Raises:
        WrongCode: it has not.
    """
    user.totp_counter = _match(secret, code, None)
    user.totp_secret = secret
    _changed(session, user, "account.app_added", "An app for codes was added")


def remove_app(session: Session, user: User, *, needed: bool) -> None:
    """Raises `SecondStepNeeded` where it is `needed` and there is no other."""
    if user.totp_secret is None:
        return
    if needed and not of(session, user).passkeys:
        raise SecondStepNeeded
    user.totp_secret = user.totp_counter = None
    _changed(session, user, "account.app_removed", "The app for codes was removed")


def use_app(session: Session, user: User, code: str) -> None:
    """A code is good once: the row is locked while it is looked at.

    Raises:
        WrongCode: see its docstring.
    """
    session.refresh(user, with_for_update=True)
    if user.totp_secret is None:
        raise WrongCode
    user.totp_counter = _match(user.totp_secret, code, user.totp_counter)


# Passkeys


def add_passkey(
    session: Session, user: User, *, name: str, credential_id: bytes, public_key: bytes, sign_count: int
) -> Passkey:
    """A key that the caller has verified.

    Raises:
        PasskeyKnown: somebody has it already.
    """
    if find_passkey(session, credential_id) is not None:
        raise PasskeyKnown
    made = Passkey(
        user_id=user.id,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        name=" ".join(name.split())[:NAME_MAX] or "Passkey",
    )
    session.add(made)
    session.flush()
    _changed(session, user, "account.passkey_added", f"The passkey “{made.name}” was added")
    return made


def find_passkey(session: Session, credential_id: bytes) -> Passkey | None:
    return session.scalars(select(Passkey).where(Passkey.credential_id == credential_id)).one_or_none()


def used_passkey(session: Session, passkey: Passkey, sign_count: int) -> None:
    passkey.sign_count, passkey.used_at = sign_count, dt.datetime.now(dt.UTC)


def remove_passkey(session: Session, user: User, passkey_id: int, *, needed: bool) -> bool:
    """False: there is none of this number among the person's own.

    Raises:
        SecondStepNeeded: it is `needed` and there is no other.
    """
    steps = of(session, user)
    found = next((one for one in steps.passkeys if one.id == passkey_id), None)
    if found is None:
        return False
    if needed and not steps.app and len(steps.passkeys) == 1:
        raise SecondStepNeeded
    session.delete(found)
    _changed(session, user, "account.passkey_removed", f"The passkey “{found.name}” was removed")
    return True


# Codes for the drawer


def new_recovery_codes(session: Session, user: User) -> list[str]:
    """Ten new ones, shown once; those of before are void. Only their hashes are kept."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user.id, digest=_digest(user, code)) for code in codes)
    _changed(session, user, "account.recovery_codes_made", "New recovery codes were made")
    return ["-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4)) for code in codes]


def use_recovery_code(session: Session, user: User, code: str) -> int:
    """Returns how many are left.

    Raises:
        WrongCode: there is none like this, or it was used.
    """
    wanted = (RecoveryCode.user_id == user.id, RecoveryCode.digest == _digest(user, code))
    use = update(RecoveryCode).where(*wanted, RecoveryCode.used_at.is_(None)).values(used_at=func.now())
    if session.execute(use.returning(RecoveryCode.id)).one_or_none() is None:
        raise WrongCode
    left = of(session, user).recovery_codes
    _changed(session, user, "account.recovery_code_used", f"A recovery code was used; {left} are left")
    return left


def _match(secret: str, code: str, counter: int | None) -> int:
    try:
        return int(_totp().verify("".join(code.split()), secret, window=WINDOW, last_counter=counter).counter)
    except (TokenError, ValueError) as error:
        raise WrongCode from error


def _digest(user: User, code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{user.id}:{plain}".encode()).hexdigest()


@cache
def _totp() -> type[TOTP]:
    """Secrets are kept encrypted, under a key that stands in no table."""
    salt = settings().password_salt.get_secret_value().encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"copydesk totp 1").derive(salt)
    return TOTP.using(issuer=ISSUER, secrets={"1": base64.b64encode(key).decode()})  # type: ignore[no-any-return]


def _changed(session: Session, user: User, action: str, words: str) -> None:
    audit.record(session, action, actor_id=user.id, object_type="user", object_id=user.id)
    letters.tell_second_step(session, user, words)
