"""Another OpenAI-style server in a process of its own: llama.cpp's, as the wheel `xllamacpp` gives it.

python tests/peers/llama_server.py MODEL_FOLDER CACHE_FOLDER PORT KEY
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds
ALIAS = "their-gpt2"
SLOTS = 4


@contextmanager
def serving(model: Path, cache: Path, port: int, key: str) -> Iterator[str]:
    """Its address, once it answers."""
    command = [sys.executable, __file__, str(model), str(cache), str(port), key]
    log = cache / f"llama-server-{port}.log"
    cache.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, log)
            yield url
        finally:
            process.kill()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"llama.cpp's server did not start: {log.read_text()}")


def main(model: str, cache: str, port: str, key: str) -> None:
    """Serve until killed."""
    import xllamacpp

    sys.path.insert(0, str(ROOT))
    from copydesk.engine import models
    from tests.peers.gguf_export import cached_gguf

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(cached_gguf(models.read(Path(model)), Path(cache)))
    parameters.model_alias = {ALIAS}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(port)
    parameters.api_keys = [key]
    parameters.n_parallel = SLOTS
    parameters.n_ctx = SLOTS * models.read(Path(model)).context
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.kv_unified = False
    parameters.ui = False
    # With more, threads that wait for each other spin: among other tests that takes minutes.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    Event().wait()
    del server


if __name__ == "__main__":
    main(*sys.argv[1:])
