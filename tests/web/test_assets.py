"""What a page loads of the front end: found through the manifest, and small enough for a slow phone."""

import gzip
import json

from copydesk.web.assets import DIST, asset

MOST = 250 * 1000  # bytes, compressed: script and style of the page on which a text is written


def weight(urls):
    return sum(len(gzip.compress((DIST / url.partition("/dist/")[2]).read_bytes(), 9)) for url in urls)


def test_the_document_page_stays_light(app):
    with app.test_request_context():
        main, editor = asset("src/main.ts"), asset("src/editor/index.ts")
    urls = [main["js"], *main["css"], *main["modules"], editor["js"], *editor["css"], *editor["modules"]]
    assert main["js"]
    assert editor["js"]
    assert weight(urls) <= MOST


def test_other_pages_do_not_load_the_editor(app):
    with app.test_request_context():
        main = asset("src/main.ts")
    assert weight([main["js"], *main["css"], *main["modules"]]) <= 40 * 1000
    assert json.loads((DIST / "manifest.json").read_text())["src/editor/index.ts"]["isDynamicEntry"] is True


def test_a_page_without_a_built_front_end_stands(app, monkeypatch):
    monkeypatch.setattr("copydesk.web.assets._manifest", lambda modified: {})
    with app.test_request_context():
        assert asset("src/main.ts") == {"js": None, "css": [], "modules": []}


def test_the_editors_page_fetches_the_editor_at_once(cast, as_person, make_document):
    document = make_document("editing")
    page = as_person(cast.editor).get(f"/documents/{document.id}").get_data(as_text=True)
    reader = as_person(cast.sponsor).get(f"/documents/{document.id}").get_data(as_text=True)
    assert 'rel="modulepreload"' in page
    assert 'rel="modulepreload"' not in reader
