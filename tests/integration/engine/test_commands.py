"""The commands, in processes of their own: what is on standard output is what was asked for, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from integration.engine.engines import MODELS, environment
from unit.engine.folders import tiny

from copydesk.engine import cli, models

pytestmark = pytest.mark.integration

PROMPT = "A review of a small show of ceramics in a converted bakery."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


def run(place: Path, name: str, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    module = "copydesk.cli" if name == "models" else "copydesk.engine.cli"
    command = [sys.executable, "-c", f"from {module} import {name}; {name}()", *arguments]
    return subprocess.run(
        command, env=environment(place, **variables), input=stdin, capture_output=True, text=True, check=False
    )


def test_write_gives_the_text_and_nothing_else(place: Path) -> None:
    first, second = (run(place, "write", PROMPT, "--seed", "7", "--tokens", "60") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert len(first.stdout.split()) > 10
    assert first.stderr.startswith("seed 7, 60 tokens in ")
    assert len(first.stderr.splitlines()) == 1


def test_write_as_json_says_what_it_takes_to_repeat_it(place: Path) -> None:
    given = json.loads(run(place, "write", PROMPT, "--json", "--tokens", "30").stdout)
    assert {"text", "model", "sha256", "seed", "tokens", "seconds"} <= set(given)
    model = models.find("seed", MODELS)
    assert (given["model"], given["sha256"], given["tokens"]) == ("seed", model.sha256, 30)
    again = run(place, "write", "-", "--json", "--tokens", "30", "--seed", str(given["seed"]), stdin=PROMPT)
    assert json.loads(again.stdout)["text"] == given["text"]


@pytest.mark.parametrize("strategy", ["greedy", "top-k", "top-p", "beam"])
def test_write_knows_the_strategies(place: Path, strategy: str) -> None:
    given = json.loads(run(place, "write", PROMPT, "--json", "--tokens", "8", "--strategy", strategy).stdout)
    assert given["sampling"]["strategy"] == strategy
    assert given["tokens"] == 8
    assert given["engine"].startswith("copydesk-gpt2")


def test_write_gives_several_texts(place: Path) -> None:
    options = ["--json", "--tokens", "20", "--no-repeat-ngram-size", "3"]
    given = json.loads(run(place, "write", PROMPT, *options, "--n", "3", "--seed", "5").stdout)
    alone = [json.loads(run(place, "write", PROMPT, *options, "--seed", str(5 + number)).stdout) for number in range(3)]
    assert given["texts"] == [one["text"] for one in alone]
    assert given["text"] == given["texts"][0]
    assert given["tokens"] == 60
    assert "texts" not in alone[0]


def test_write_begins_and_ends_as_it_is_told(place: Path) -> None:
    options = ["--json", "--tokens", "60", "--seed", "7", "--prefix", "The cups were"]
    whole, bare, cut = (
        json.loads(run(place, "write", PROMPT, *options, *more).stdout)["text"]
        for more in ([], ["--no-include-prefix"], ["--truncate", " the"])
    )
    assert whole.startswith("The cups were ")
    assert whole == f"The cups were {bare}"
    assert " the" not in cut
    assert whole.startswith(cut)


def test_write_goes_beyond_the_window(place: Path) -> None:
    given = json.loads(run(place, "write", PROMPT, "--json", "--tokens", "600").stdout)
    assert given["tokens"] == 600


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "nope"], "Models at hand: seed"),
        (["--temperature", "9"], "temperature must be between"),
        (["--tokens", "9000"], "max_new_tokens must be"),
        (["--prefix", "word " * 600], "no room"),
        (["--strategy", "beam", "--n", "6"], "num_beams"),
        (["--backend", "abacus"], "abacus"),
        (["--strategy", "warm"], "warm"),
    ],
)
def test_write_says_plainly_what_is_wrong(place: Path, arguments: list[str], said: str) -> None:
    done = run(place, "write", PROMPT, *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_tensorflow_its_backend_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.engine.reference.find_spec", lambda name: None)
    done = CliRunner().invoke(cli.write, [PROMPT, "--backend", "tensorflow", "--models-dir", str(MODELS)])
    assert done.exit_code == 1
    assert "TensorFlow" in done.stderr


def test_models_are_listed_and_verified(place: Path, tmp_path: Path) -> None:
    assert "seed" in run(place, "models", "list").stdout
    assert models.find("seed", MODELS).sha256 in run(place, "models", "verify").stdout
    tiny(tmp_path / "good")
    tiny(tmp_path / "bad", card=False)
    done = run(place, "models", "verify", MODELS_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "good: whole" in done.stdout
    assert "bad has no checksum" in done.stderr
    assert "1 of 3" in done.stderr  # the seed model is always there
    assert "seed" in run(place, "models", "list", MODELS_DIR=str(tmp_path / "none")).stdout


def test_pull_without_a_network_says_so(place: Path, tmp_path: Path) -> None:
    away = {"HF_ENDPOINT": "http://127.0.0.1:9", "MODELS_DIR": str(tmp_path / "models")}
    done = run(place, "models", "pull", "gpt2", **away)
    assert done.returncode == 1
    assert "The Hugging Face hub can't be reached from here" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ENGINE_TOKEN": ""}, "ENGINE_TOKEN"),
        ({"ENGINE_TOKEN": "t", "MODEL": "nope"}, "no model"),
        ({"ENGINE_TOKEN": "t", "ENGINE_PORT": "99999"}, "99999"),
        ({"ENGINE_TOKEN": "t", "ENGINE_HOST": "192.0.2.1"}, "192.0.2.1"),
    ],
)
def test_the_engine_says_plainly_why_it_does_not_start(place: Path, variables: dict[str, str], said: str) -> None:
    done = run(place, "engine", **{"ENGINE_PORT": "0", "SECRETS_DIR": os.devnull, **variables})
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
