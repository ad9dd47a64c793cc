"""Models on other servers: a name such as https://host/v1#model is an OpenAI-style server and one of its models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

LONGEST = 300  # characters of a whole name


class NotRemote(ValueError):
    """The name is no address of a server; the message says what is wrong with it."""


@dataclass(frozen=True)
class Remote:
    """A server, and which of its models; "" stands for the server's only or first one."""

    url: str  # without a slash at its end
    model: str = ""

    @classmethod
    def parse(cls, name: str) -> Self:
        """From a name that a person typed.

        Raises:
            NotRemote: it is no such name, or holds a password.
        """
        address, _, model = name.strip().partition("#")
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise NotRemote(f"This address can't be read: {error}.") from error
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise NotRemote("The address of a server begins with https:// or http://, as in https://host/v1.")
        if parts.username or parts.password:
            raise NotRemote("No user or password in an address: a server's key goes into REMOTE_ENGINE_KEYS.")
        if parts.query:
            raise NotRemote("The address must end with the path, as in https://host/v1; what follows ? is not taken.")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        place = f"{host}:{port}" if port else host
        remote = cls(f"{parts.scheme.lower()}://{place}{parts.path.rstrip('/')}", model.strip())
        if len(remote.name) > LONGEST or any(character.isspace() for character in remote.name):
            raise NotRemote(f"Address and model together have at most {LONGEST} characters and no space.")
        return remote

    @property
    def name(self) -> str:
        """How the desk names it: https://host/v1#model."""
        return f"{self.url}#{self.model}" if self.model else self.url

    def key(self, keys: Mapping[str, str], for_all: str = "") -> str:
        """The key for this server: its own, or the one for all, which goes over https only; "" for none."""
        mine = {_comparable(address): key for address, key in keys.items()}.get(_comparable(self.url))
        if mine is not None:
            return mine
        return for_all if self.url.startswith("https://") else ""


def is_remote(name: str) -> bool:
    """Is it an address, and not a folder's name?"""
    return name.strip().lower().startswith(("http://", "https://"))


def _comparable(address: str) -> str:
    """One server, however its address is written: with or without /v1, a slash, capitals in the host."""
    try:
        return Remote.parse(address.partition("#")[0]).url.removesuffix("/v1")
    except NotRemote:
        return address
