"""Answers are compressed on a desk without a proxy, and the same words come out."""

import gzip
import json

import pytest

from copydesk.web.assets import DIST


@pytest.fixture
def style(app):
    """The address of the built style, and its bytes."""
    manifest = DIST / "manifest.json"
    if not manifest.exists():
        pytest.skip("the front end is not built")
    name = json.loads(manifest.read_text())["src/main.ts"]["css"][0]
    return f"/static/dist/{name}", (DIST / name).read_bytes()


def taken(client, path, **headers):
    return client.get(path, headers={"Accept-Encoding": "gzip", **headers})


def test_a_page_is_compressed_for_whoever_takes_it(client):
    plain, packed = client.get("/login"), taken(client, "/login")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b"<title>" in gzip.decompress(packed.data)
    assert len(packed.data) < len(plain.data) / 2
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize("said", ["identity", "gzip;q=0", "br", ""])
def test_nobody_gets_what_they_do_not_take(client, said):
    assert "Content-Encoding" not in client.get("/login", headers={"Accept-Encoding": said}).headers


# Werkzeug leaves the file of an answer without a body to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_built_file_is_compressed_and_known_again(client, style):
    path, whole = style
    packed = taken(client, path)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == whole
    again = taken(client, path, **{"If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data


def test_a_picture_and_a_few_bytes_stay_as_they_are(client):
    assert "Content-Encoding" not in taken(client, "/healthz").headers
    font = next((DIST / "assets").glob("*.woff2"), None)
    if font is not None:
        with taken(client, f"/static/dist/assets/{font.name}") as answer:
            assert "Content-Encoding" not in answer.headers


def test_behind_a_proxy_nothing_is_compressed_twice(config):
    from copydesk.web import create_app
    from copydesk.web.compression import compress

    behind = create_app(config.model_copy(update={"trusted_proxies": 1}))
    assert compress not in behind.after_request_funcs[None]
