"""Secrets and signatures, in the form of Standard Webhooks: HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_nonce() -> str:
    return secrets.token_hex(32)


def secret(key: str, nonce: str) -> bytes:
    """A receiver's secret. Only what it is made of is stored, so a copy of the database alone signs nothing.

    Args:
        key: the desk's own (`SECRET_KEY`).
    """
    return hmac.digest(key.encode(), b"webhook:" + nonce.encode(), hashlib.sha256)


def shown(one: bytes) -> str:
    """As the receiver's library takes it."""
    return PREFIX + base64.b64encode(one).decode()


def headers(keys: list[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; with two secrets two signatures, of which one has to fit."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
