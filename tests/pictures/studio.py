"""A desk to be photographed, a browser, and the camera."""

import base64
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from copydesk.local.testing import running
from copydesk.web.help_pages import FOLDER as HELP
from copydesk.web.help_pages import SCALE
from tests.browser.conftest import FLAGS
from tests.desk import ROOT, Desk, desk, free_port
from tests.pictures.speaker import Speaker, speaking

DOCS = ROOT / "docs/pictures"
EDGE = 16  # pixels left around what is shown
HEAVIEST = 60_000  # bytes of one picture of the help page


@dataclass
class Studio:
    """A browser on a desk, and the machine that speaks there."""

    browser: Browser
    url: str
    machine: Speaker
    desk: Desk
    busy: dict[str, str] = field(default_factory=dict)  # addresses of what else is on the desk, by title

    def person(self, email: str, width: int, height: int) -> Page:
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto("/login")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill("password" if email.startswith("admin") else "123456")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/documents**")
        return page


@contextmanager
def studio() -> Iterator[Studio]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    folder = Path(tempfile.mkdtemp(prefix="copydesk-pictures-"))
    folder.chmod(0o755)  # the database runs as nobody where we are root
    (folder / "postgres").mkdir()
    port = free_port()
    try:
        with (
            running(folder / "postgres") as database,
            desk(database, folder, ENGINE_URL=f"http://127.0.0.1:{port}") as made,
            sync_playwright() as playwright,
        ):
            machine = Speaker(f"http://127.0.0.1:{made.engine_port}", made.environment["ENGINE_TOKEN"])
            with speaking(machine, port):
                made.start_all()
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                yield Studio(browser, made.url, machine, made)
                browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shoot(page: Page, name: str, *around: Locator, within: int = 10_000) -> None:
    """A picture of these parts of the page in light and in dark; `within`: not more than so many pixels high."""
    boxes = [box for box in (one.bounding_box() for one in around) if box]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right, bottom = max(box["x"] + box["width"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    left, right = max(left - EDGE, 0), min(right + EDGE, page.evaluate("document.documentElement.clientWidth"))
    clip = {
        "x": left,
        "y": top - EDGE + page.evaluate("scrollY"),
        "width": right - left,
        "height": min(bottom - top, within) + 2 * EDGE,
        "scale": SCALE,
    }
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(400)
        path = HELP / f"{name}-{scheme}.webp"
        path.write_bytes(next(made for made in _webp(page, clip) if len(made) <= HEAVIEST))
        sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes, {clip['width']:.0f} by {clip['height']:.0f}\n")
    page.emulate_media(color_scheme="light")


def _webp(page: Page, clip: dict[str, float]) -> Iterator[bytes]:
    """Ever lighter ones."""
    session = page.context.new_cdp_session(page)
    for quality in (80, 65, 50, 35, 20):
        answer: Any = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality, "clip": clip})
        yield base64.b64decode(answer["data"])
