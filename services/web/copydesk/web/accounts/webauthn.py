"""Passkeys as browsers speak of them (WebAuthn), checked by py_webauthn. Challenges wait in the signed cookie."""

import ipaddress
import json
import time
from typing import Any
from urllib.parse import urlsplit

import webauthn
from flask import current_app, session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from copydesk.accounts import second_steps
from copydesk.accounts.errors import AccountError
from copydesk.accounts.models import User
from copydesk.accounts.second_step_tables import Passkey
from copydesk.web.extensions import db

CHALLENGE = "challenge"
LASTS = 300  # seconds for a finger on a key
# What reading an answer that is none may raise; the last of one that is nested too deeply.
UNREADABLE = (WebAuthnException, ValueError, LookupError, TypeError, RecursionError)


class PasskeyRefused(AccountError):
    """This passkey could not be checked. Please try again, or use another way."""


def available() -> bool:
    """Passkeys belong to a host name; an address of numbers can't have any."""
    try:
        ipaddress.ip_address(_host())
    except ValueError:
        return True
    return False


def options_to_add(user: User) -> dict[str, Any]:
    """What a browser needs to make a passkey of this person."""
    known = [
        PublicKeyCredentialDescriptor(id=one.credential_id) for one in second_steps.of(db.session(), user).passkeys
    ]
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name="Copydesk",
        user_id=_handle(user),
        user_name=user.email,
        user_display_name=user.name,
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return _ask(options)


def add(user: User, name: str, credential: str) -> Passkey:
    """Keep the passkey that the browser has made.

    Raises:
        PasskeyRefused: it does not answer our question.
        PasskeyKnown: it is known already.
    """
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_challenge(),
            expected_rp_id=_host(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise PasskeyRefused from error
    return second_steps.add_passkey(
        db.session(),
        user,
        name=name,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
    )


def options_to_use(user: User | None) -> dict[str, Any]:
    """What a browser needs to show a passkey: one of `user`, or of whoever it is."""
    known = None
    if user is not None:
        passkeys = second_steps.of(db.session(), user).passkeys
        known = [PublicKeyCredentialDescriptor(id=one.credential_id) for one in passkeys]
    options = webauthn.generate_authentication_options(
        rp_id=_host(), allow_credentials=known, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _ask(options)


def use(credential: str, user: User | None = None) -> User:
    """Whose passkey this is; with `user`, it must be theirs.

    Raises:
        PasskeyRefused: it is nobody's, somebody else's, or does not answer our question.
    """
    try:
        passkey = second_steps.find_passkey(db.session(), base64url_to_bytes(str(json.loads(credential)["rawId"])))
        if passkey is None or (user is not None and passkey.user_id != user.id):
            raise PasskeyRefused
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=_challenge(),
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise PasskeyRefused from error
    owner = db.session.get(User, passkey.user_id)
    if owner is None or not owner.active:
        raise PasskeyRefused
    second_steps.used_passkey(db.session(), passkey, verified.new_sign_count)
    return owner


def _ask(options: Any) -> dict[str, Any]:
    session[CHALLENGE] = [bytes_to_base64url(options.challenge), int(time.time())]
    return options_to_json_dict(options)


def _challenge() -> bytes:
    """The question that was asked last; it is answered once."""
    kept = session.pop(CHALLENGE, None)
    if not isinstance(kept, list) or not 0 <= time.time() - kept[1] <= LASTS:
        raise PasskeyRefused
    return base64url_to_bytes(kept[0])


def _handle(user: User) -> bytes:
    """The person's number in their device: it says nothing of them, and is always the same."""
    return user.id.to_bytes(8, "big")


def _host() -> str:
    return urlsplit(_origin()).hostname or ""


def _origin() -> str:
    return str(current_app.config["COPYDESK"].base_url)
