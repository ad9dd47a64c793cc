"""The configuration: read once from the environment (and files in `/run/secrets`) into a frozen value.

A missing or bad value stops the start with a `ConfigurationError` that names every variable at fault.
"""

import json
import os
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
SECRETS_DIR = Path("/run/secrets")
DEVELOPMENT_SECRET = "development-only-not-a-secret"  # noqa: S105  refused in production


class ConfigurationError(Exception):
    """The configuration is incomplete or wrong."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Settings(BaseModel):
    """Every setting of every process; the variable's name is the field's name in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)

    # The desk
    environment: Environment = Field(alias="copydesk_env")
    database_url: str = Field(pattern=r"^postgresql(\+psycopg2?)?://")
    # To `copydesk migrate` alone: what web and worker have as their DATABASE_URL, so that it can make their log-ins
    web_database_url: str = Field(default="", pattern=r"^(postgresql(\+psycopg2?)?://.+)?$")
    worker_database_url: str = Field(default="", pattern=r"^(postgresql(\+psycopg2?)?://.+)?$")
    secret_key: SecretStr = SecretStr("")
    password_salt: SecretStr = SecretStr("")
    base_url: str = Field(default="http://127.0.0.1:5000", pattern=r"^https?://[^/]+$")
    data_dir: Path = Path("var")
    claiming: bool = True  # may editors take documents from the unassigned pool themselves?
    trusted_proxies: Annotated[int, Field(ge=0, le=3)] = 0  # how many reverse proxies set X-Forwarded-*

    # Accounts
    confirm_addresses: bool | None = None  # must people confirm their address? Unset: in production
    stolen_passwords_url: str = Field(default="", pattern=r"^(https?://.+)?$")  # lists of Have I Been Pwned's kind
    admin_second_step: bool | None = None  # must admins log in with a second step? Unset: in production
    limits: bool = True  # of how often one may ask for what; off only where something in front of the desk counts

    # The engine, as worker and web reach it
    engine_url: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://")
    engine_token: SecretStr = SecretStr("")
    engine_timeout: Annotated[float, Field(gt=0)] = 30.0  # seconds without a single new word
    model: str = "seed"
    models_dir: Path = PACKAGE_ROOT / "models"
    # Keys of other servers that models may be used of (vLLM, llama-server, Ollama); see docs/models.md
    remote_engine_key: SecretStr = SecretStr("")  # for every one of them, over https only
    remote_engine_keys: SecretStr = SecretStr("")  # {"https://host/v1": "key"}: each server its own
    draft_tokens: Annotated[int, Field(ge=8, le=900)] = 160

    # The engine process itself
    engine_host: str = "127.0.0.1"
    engine_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    engine_slots: Annotated[int, Field(ge=1, le=64)] = 32
    engine_threads: Annotated[int, Field(ge=0)] = 0  # 0: as many as there are cores

    # The worker
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = 32  # drafts at once; the engine writes them together
    worker_heartbeat: Annotated[float, Field(gt=0)] = 2.0  # seconds between signs of life
    worker_stalled_after: Annotated[float, Field(gt=0)] = 10.0  # seconds of silence before a job is taken over

    # The queue
    drafts_per_person: Annotated[int, Field(ge=1)] = 100  # waiting or being written, of one sponsor or editor
    drafts_waiting: Annotated[int, Field(ge=1)] = 2000  # the same, of the whole desk
    queue_patience: Annotated[float, Field(gt=0)] = 300.0  # seconds after which a waiting draft goes first

    # Mail
    smtp_url: SecretStr = SecretStr("")  # smtp://user:password@host:587?starttls=1; empty: kept in the log table only
    mail_from: str = "Copydesk <desk@localhost>"

    # Webhooks
    webhook_allow_private: bool = False  # true: receivers in the desk's own network may be called

    # Watching: see docs/monitoring.md
    metrics_token: SecretStr = SecretStr("")  # who asks for /metrics from another machine; empty: nobody may
    status_host: str = "127.0.0.1"  # where a worker answers how it is, and its figures
    status_port: Annotated[int, Field(ge=0, le=65535)] = 0  # 0: nowhere
    sentry_dsn: SecretStr = SecretStr("")  # where faults are reported to, without a word of anybody's; empty: nowhere
    otel_exporter_otlp_endpoint: str = Field(default="", pattern=r"^(https?://.+)?$")  # where traces go; empty: nowhere

    # Logs
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    log_json: bool = False

    # Delivering: the machine's share of a text, in percent of its characters
    machine_share_warn: Annotated[int, Field(ge=0, le=100)] = 85  # from here on untouched paragraphs are pointed out
    machine_share_hold: Annotated[int, Field(ge=0, le=100)] = 95  # and from here each needs a review with a reason

    # Signing by the link of a letter
    sign_link_login: bool = False  # true: letters have no such link, and signing needs a log-in
    sign_link_days: Annotated[int, Field(ge=1, le=90)] = 7

    # Limits on input
    title_max_chars: Annotated[int, Field(ge=1)] = 200
    brief_max_chars: Annotated[int, Field(ge=1)] = 100_000
    text_max_chars: Annotated[int, Field(ge=1)] = 500_000

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def asks_to_confirm(self) -> bool:
        return self.is_production if self.confirm_addresses is None else self.confirm_addresses

    @property
    def admins_need_second_step(self) -> bool:
        return self.is_production if self.admin_second_step is None else self.admin_second_step

    @property
    def sqlalchemy_url(self) -> str:
        """The database for SQLAlchemy, always on psycopg2."""
        return "postgresql+psycopg2://" + self.database_url.partition("://")[2]

    @property
    def libpq_url(self) -> str:
        """The database for libpq clients (Procrastinate's worker, psql)."""
        return "postgresql://" + self.database_url.partition("://")[2]

    @property
    def remote_keys(self) -> dict[str, str]:
        """The keys of other servers by their addresses."""
        return read_keys(self.remote_engine_keys.get_secret_value())

    def secrets(self) -> set[str]:
        """The values that no log line may hold."""
        values = (getattr(self, name) for name in type(self).model_fields)
        found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
        found |= set(self.remote_keys.values())
        found |= {
            unquote(urlsplit(url).password or "") for url in (self.database_url, self.smtp_url.get_secret_value())
        }
        return found - {""}

    @field_validator("remote_engine_keys")
    @classmethod
    def _keys_can_be_read(cls, value: SecretStr) -> SecretStr:
        read_keys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _no_default_secret_outside_development(self) -> Self:
        if not self.is_production:
            return self
        if 0 < len(self.metrics_token.get_secret_value()) < 16:
            raise ValueError("METRICS_TOKEN must have at least 16 random characters in production, or be empty")
        for name, least in (("secret_key", 32), ("password_salt", 16), ("engine_token", 16)):
            value = getattr(self, name).get_secret_value()
            if len(value) < least or value == DEVELOPMENT_SECRET:
                raise ValueError(f"{name.upper()} must be set to at least {least} random characters in production")
        if self.base_url.startswith("http://"):
            raise ValueError("BASE_URL must start with https:// in production")
        return self

    @model_validator(mode="after")
    def _warns_before_it_holds(self) -> Self:
        if self.machine_share_warn > self.machine_share_hold:
            raise ValueError("MACHINE_SHARE_WARN must not be above MACHINE_SHARE_HOLD")
        return self

    @model_validator(mode="after")
    def _takeover_needs_patience(self) -> Self:
        if self.worker_stalled_after < 2 * self.worker_heartbeat:
            raise ValueError("WORKER_STALLED_AFTER must be at least twice WORKER_HEARTBEAT")
        return self


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Parse the settings from the environment, or raise `ConfigurationError` naming each bad variable.

    A file in the secrets folder gives the value of a variable that is not set.
    """
    environ = os.environ if environ is None else environ
    values = _secrets(Path(environ.get("SECRETS_DIR", SECRETS_DIR)))
    values |= {name.lower(): value for name, value in environ.items()}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from error


def read_keys(text: str) -> dict[str, str]:
    """`{"https://host/v1": "key"}` as a mapping. What is wrong with it is said without quoting it: it holds secrets."""
    try:
        keys = json.loads(text) if text.strip() else {}
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError('must be JSON of the form {"https://host/v1": "key"}')
    return keys


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read_settings()


def _secrets(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    names = {field.alias or name for name, field in Settings.model_fields.items()}
    return {name: (folder / name).read_text().strip() for name in names if (folder / name).is_file()}


def _explain(error: ValidationError) -> str:
    lines = ["The configuration is incomplete or wrong:"]
    for problem in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}: {message}" if name else f"  {message}")
    return "\n".join(lines)
