"""The engine knows nothing of the desk, and web can talk to it without loading a model library."""

import subprocess
import sys

HEAVY = {"tensorflow", "keras", "keras_hub", "xllamacpp", "gguf", "transformers", "tokenizers", "safetensors", "numpy"}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_client_loads_no_model_library() -> None:
    loaded = loaded_by("import copydesk.engine, copydesk.engine.client, copydesk.engine.cli")
    assert not loaded & HEAVY
    assert not loaded & {"flask", "sqlalchemy", "copydesk.config", "copydesk.db"}


def test_the_worker_needs_no_engine_library() -> None:
    statement = "import copydesk.engine.prompt, copydesk.engine.trim, copydesk.engine.models, copydesk.engine.client"
    assert not loaded_by(statement) & {"tensorflow", "keras", "xllamacpp", "gguf"}
