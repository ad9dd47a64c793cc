"""Headers and cookies where they are strictest: in production, behind TLS."""

import json
import os
import subprocess
import sys

import pytest

from tests.desk import ROOT


@pytest.fixture(scope="module")
def looked_at(app, config):
    environment = os.environ | {
        "COPYDESK_ENV": "production",
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": "s" * 32,
        "PASSWORD_SALT": "s" * 16,
        "ENGINE_TOKEN": "s" * 16,
        "BASE_URL": "https://desk.test",
        "TRUSTED_PROXIES": "1",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "services/web"), str(ROOT))),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.web.attacks.in_production"],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_answer_has_its_headers(looked_at):
    assert looked_at["wrong"] == []


def test_the_cookie_belongs_to_this_host_alone(looked_at):
    names = {one.partition("=")[0] for one in looked_at["cookies"]}
    assert "__Host-copydesk" in names
    for one in looked_at["cookies"]:
        assert "Secure" in one
        assert "HttpOnly" in one
        assert "SameSite=Lax" in one
        assert "Path=/" in one
        assert "Domain" not in one


def test_logging_in_makes_another_cookie(looked_at):
    """What was in the browser before opens nothing afterwards."""
    assert looked_at["same"] == []
