"""The web process serves pages and defers a job without a single model library in its memory."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

SCRIPT = """
import json, sys
from copydesk.web import create_app
from copydesk.web.extensions import db
from copydesk.web.commands import development_people
from flask_migrate import upgrade
app = create_app()
app.config["WTF_CSRF_ENABLED"] = False
with app.app_context():
    upgrade()
development_people(standalone_mode=False)
client = app.test_client()
answers = [client.get(path).status_code for path in ("/", "/login", "/signup/editor", "/readyz")]
answers.append(client.post("/login", data={"email": "test@test.com", "password": "123456"}).status_code)
answers.append(client.post("/documents/new", data={"title": "T", "brief": "B", "editor": ""}).status_code)
answers.append(client.get("/documents").status_code)
with app.app_context():
    count = db.text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'write_draft'")
    jobs = db.session.execute(count).scalar()
print(json.dumps({"answers": answers, "jobs": jobs, "modules": sorted(sys.modules)}))
"""
FORBIDDEN = ("tensorflow", "keras", "keras_hub", "xllamacpp", "transformers", "tokenizers", "gguf", "torch", "jax")


def test_web_never_loads_a_model(make_database):
    environment = os.environ | {"DATABASE_URL": make_database("web"), "COPYDESK_ENV": "development"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["answers"] == [200, 200, 200, 503, 302, 303, 200]
    assert seen["jobs"] == 1
    loaded = [name for name in seen["modules"] if name.partition(".")[0] in FORBIDDEN]
    assert loaded == []
    assert not any(name.startswith(("copydesk.worker", "copydesk.training")) for name in seen["modules"])
