"""Can a model write here? Asked of the engine, or of another server, before the desk chooses it."""

from copydesk.config import Settings
from copydesk.engine.client import EngineClient
from copydesk.engine.errors import EngineBusy, EngineError, EngineRefused, EngineUnreachable
from copydesk.engine.inventory import ModelList
from copydesk.engine.memory import in_words, too_large
from copydesk.engine.remote import Remote, is_remote

PATIENCE = 5.0  # seconds
_FEW = 8  # names that a sentence can hold


class CannotUse(Exception):
    """The model can't write here; the message says why and what to do."""


def own_client(settings: Settings, timeout: float = PATIENCE) -> EngineClient:
    """The desk's own engine."""
    return EngineClient(settings.engine_url, settings.engine_token.get_secret_value(), timeout)


def remote_client(settings: Settings, remote: Remote, timeout: float = PATIENCE) -> EngineClient:
    """Another server, with the key that the configuration has for it."""
    key = remote.key(settings.remote_keys, settings.remote_engine_key.get_secret_value())
    return EngineClient(remote.url, key, timeout)


def check(settings: Settings, name: str) -> str:
    """A sentence about the model `name`, which can be used; `name` as `default_model.clean_name` gives it.

    Raises:
        CannotUse: it is not there, does not fit, or its server does not answer.
    """
    if is_remote(name):
        return _check_remote(settings, Remote.parse(name))
    try:
        known = own_client(settings).models()
    except EngineError as error:
        raise CannotUse(f"The engine was not there to be asked about {name}. {error}") from error
    return _check_named(name, known)


def _check_named(name: str, known: ModelList) -> str:
    row = known.named(name)
    if row is None:
        raise CannotUse(
            f"The engine has no model {name}. It has: {_names([each.name for each in known.rows])}. "
            f"`copydesk models pull {name}` fetches one from the hub."
        )
    if row.fits is False:
        raise CannotUse(too_large(row.name, row.needed_bytes or 0, known.available_bytes or 0))
    return f"{row.id} needs {in_words(row.needed_bytes)} of memory." if row.needed_bytes else f"{row.id} is there."


def _check_remote(settings: Settings, remote: Remote) -> str:
    try:
        known = remote_client(settings, remote).models()
    except EngineRefused as error:
        raise CannotUse(
            f"{remote.url} refuses this desk's key. Set it in REMOTE_ENGINE_KEYS, and start web and worker again."
        ) from error
    except EngineError as error:
        raise CannotUse(f"{remote.url} {_trouble(error)}") from error
    names = [row.id for row in known.rows]
    if remote.model and remote.model not in names:
        raise CannotUse(f"{remote.url} has no model {remote.model}. It has: {_names(names)}.")
    return f"{remote.url} answers and has {remote.model or _names(names[:1])}."


def _trouble(error: EngineError) -> str:
    if isinstance(error, EngineUnreachable | EngineBusy):
        return "does not answer. Is the address right, and can it be reached from where this desk runs?"
    return "answers, but not as an OpenAI-style server does. Does the address end as its manual says, mostly in /v1?"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return (", ".join(names[:_FEW]) or "none") + more
