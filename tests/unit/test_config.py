"""A missing or bad setting stops the start and names itself; development's secrets never reach production."""

import pytest

from copydesk.config import DEVELOPMENT_SECRET, ConfigurationError, read_settings

GOOD = {
    "COPYDESK_ENV": "production",
    "DATABASE_URL": "postgresql://copydesk@db/copydesk",
    "SECRET_KEY": "k" * 64,
    "PASSWORD_SALT": "s" * 32,
    "ENGINE_TOKEN": "t" * 32,
    "BASE_URL": "https://desk.example.org",
}


def test_a_complete_production_configuration_is_taken():
    settings = read_settings(GOOD)
    assert settings.is_production
    assert settings.sqlalchemy_url == "postgresql+psycopg2://copydesk@db/copydesk"


def test_settings_can_not_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read_settings(GOOD).model = "other"


@pytest.mark.parametrize("name", ["COPYDESK_ENV", "DATABASE_URL", "SECRET_KEY", "PASSWORD_SALT", "ENGINE_TOKEN"])
def test_a_missing_setting_is_named(name):
    with pytest.raises(ConfigurationError, match=name):
        read_settings({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COPYDESK_ENV", "staging"),
        ("DATABASE_URL", "sqlite:///desk.db"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", DEVELOPMENT_SECRET),
        ("PASSWORD_SALT", ""),
        ("ENGINE_TOKEN", DEVELOPMENT_SECRET),
        ("BASE_URL", "http://desk.example.org"),
        ("BASE_URL", "https://desk.example.org/path"),
        ("ENGINE_PORT", "high"),
        ("ENGINE_SLOTS", "0"),
        ("DRAFT_TOKENS", "5000"),
        ("CLAIMING", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("WORKER_STALLED_AFTER", "3"),
        ("DRAFTS_PER_PERSON", "0"),
        ("DRAFTS_WAITING", "many"),
        ("QUEUE_PATIENCE", "0"),
        ("MACHINE_SHARE_WARN", "96"),
        ("MACHINE_SHARE_HOLD", "101"),
    ],
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(ConfigurationError, match=name):
        read_settings(GOOD | {name: value})


def test_every_fault_is_named_at_once():
    with pytest.raises(ConfigurationError, match=r"(?s)ENGINE_PORT.*ENGINE_SLOTS") as caught:
        read_settings(GOOD | {"ENGINE_PORT": "x", "ENGINE_SLOTS": "y"})
    assert "x" not in str(caught.value).split()


def test_secrets_do_not_show():
    assert "k" * 64 not in repr(read_settings(GOOD))


def test_secrets_are_read_from_files(tmp_path, monkeypatch):
    for name in ("SECRET_KEY", "PASSWORD_SALT", "ENGINE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
        (tmp_path / name.lower()).write_text(GOOD[name] + "\n")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    for name in ("COPYDESK_ENV", "DATABASE_URL", "BASE_URL"):
        monkeypatch.setenv(name, GOOD[name])
    assert read_settings().secret_key.get_secret_value() == GOOD["SECRET_KEY"]


def test_keys_of_other_servers_are_read_and_never_shown():
    keys = '{"https://host/v1": "sk-very-secret"}'
    settings = read_settings(GOOD | {"REMOTE_ENGINE_KEYS": keys, "REMOTE_ENGINE_KEY": "sk-for-all"})
    assert settings.remote_keys == {"https://host/v1": "sk-very-secret"}
    assert "very-secret" not in repr(settings)
    assert "sk-for-all" not in repr(settings)
    assert read_settings(GOOD).remote_keys == {}


@pytest.mark.parametrize(
    "keys", ["sk-very-secret", '["sk-very-secret"]', '{"https://host/v1": {"key": "sk-very-secret"}}']
)
def test_keys_that_can_not_be_read_are_named_and_not_quoted(keys):
    with pytest.raises(ConfigurationError, match="REMOTE_ENGINE_KEYS") as refused:
        read_settings(GOOD | {"REMOTE_ENGINE_KEYS": keys})
    assert "very-secret" not in str(refused.value)
