"""What docs/monitoring.md says is so; who may read figures; when a worker is well; and nothing is there when off."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import yaml

from copydesk import scraping
from copydesk.engine import metrics as of_engine
from copydesk.jobs import Queue
from copydesk.worker import metrics as of_worker
from copydesk.worker import pulse as pulses
from copydesk.worker import run
from copydesk.worker.pulse import Pulse
from tests.conftest import ROOT
from tests.loops import run_apart

DOCS = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.S)]
TOKEN = "of-the-figures"


def names_in_code(app, session):
    from prometheus_client import CollectorRegistry

    from copydesk.web import metrics as of_web
    from copydesk.web.state_figures import StateFigures

    state = CollectorRegistry()
    state.register(StateFigures(session))
    for registry in (of_web.registry, of_worker.registry, of_engine.registry, state):
        for metric in registry.collect():
            yield metric.name + ("_total" if metric.type == "counter" else "")


def test_every_figure_is_documented_and_every_documented_one_is_there(app, session):
    there = {name for name in names_in_code(app, session) if name.startswith("copydesk_")}
    table = "\n".join(line for line in DOCS.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(copydesk_\w+)`", table)) == there


def test_alerts_are_about_figures_that_are_there(app, session):
    there = set(names_in_code(app, session))
    (alerts,) = [block for block in BLOCKS if "groups" in block]
    for rule in alerts["groups"][0]["rules"]:
        assert {"alert", "expr"} <= rule.keys() <= {"alert", "expr", "for"}
        for name in re.findall(r"copydesk_\w+", rule["expr"]):
            assert name.removesuffix("_bucket") in there, rule["alert"]


def test_the_examples_fit_the_production_file():
    production = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text())
    (override,) = [block for block in BLOCKS if "services" in block]
    prometheus = override["services"]["prometheus"]
    assert set(prometheus["networks"]) <= production["networks"].keys() | override["networks"].keys()
    assert set(prometheus["secrets"]) <= production["secrets"].keys()
    (scrape,) = [block for block in BLOCKS if "scrape_configs" in block]
    asked = {one["names"][0]: one["port"] for one in scrape["scrape_configs"][0]["dns_sd_configs"]}
    assert asked == {"web": 5000, "worker": 9101, "engine": 8080}
    for name in asked:
        assert "metrics_token" in production["services"][name]["secrets"]


@pytest.mark.parametrize(("peer", "forwarded", "authorization", "token", "allowed"), [
    ("127.0.0.1", False, "", "", True),
    ("::1", False, "", "", True),
    ("::ffff:127.0.0.1", False, "", "", True),
    ("127.0.0.1", True, "", "", False),
    ("172.18.0.3", False, "", "", False),
    ("172.18.0.3", False, "Bearer ", "", False),
    ("172.18.0.3", False, f"Bearer {TOKEN}", TOKEN, True),
    ("172.18.0.3", True, f"Bearer {TOKEN}", TOKEN, True),
    ("172.18.0.3", False, f"bearer {TOKEN}", TOKEN, False),
    ("172.18.0.3", False, "Bearer \udcff", TOKEN, False),
    ("not an address", False, "", TOKEN, False),
    (None, False, "", "", False),
])  # fmt: skip
def test_who_may_read_figures(peer, forwarded, authorization, token, allowed):
    assert scraping.allowed(peer=peer, forwarded=forwarded, authorization=authorization, token=token) is allowed


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes when it is told to."""
    now = [1000.0]
    monkeypatch.setattr(pulses.time, "monotonic", lambda: now[0])
    return now


def test_a_worker_is_well_when_each_loop_looks_for_jobs_or_is_full(clock):
    pulse = Pulse({"drafts": 2, "mail": 1}, patience=30)
    assert pulse.faults().keys() == {"drafts", "mail"}
    pulse.looked("drafts")
    assert pulse.faults().keys() == {"mail"}
    pulse.looked("mail")
    assert pulse.faults() == {}
    clock[0] += 30
    assert pulse.faults().keys() == {"drafts", "mail"}
    with pulse.at_work("mail"), pulse.at_work("drafts"):
        assert pulse.faults() == {"drafts": "does not look for jobs"}  # it has another place
        with pulse.at_work("drafts"):
            assert pulse.faults() == {}
    pulse.looked("drafts")
    pulse.looked("mail")
    assert pulse.faults() == {}
    pulse.stop()
    assert pulse.faults() == {"process": "stopping"}


OFF = """
import sys
from copydesk.web.app import create_app
import copydesk.worker.run
create_app()
print(*sys.modules)
"""


def test_what_is_off_is_not_even_imported(config):
    done = subprocess.run([sys.executable, "-c", OFF], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = done.stdout.split()
    assert "copydesk.fault_reports" in loaded
    assert not [name for name in loaded if name.partition(".")[0] in ("sentry_sdk", "opentelemetry")]


def test_a_loop_that_ends_by_itself_ends_the_worker(config):
    """Procrastinate ends a loop quietly when it could not give a sign of life; the others would go on without it."""

    async def end_at_once(**_):
        return None

    app = SimpleNamespace(run_worker_async=end_at_once)
    with pytest.raises(run.LoopEnded, match="mail"):
        run_apart(run._loop(app, config, Pulse({"mail": 1}), [Queue.MAIL], 1))
