"""What is said of any answer without attacking anything: headers, cookies, markup. As ZAP's baseline does it."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import html

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFERRER = {"same-origin", "no-referrer"}
NEVER = ("Server", "X-Powered-By", "X-XSS-Protection", "Public-Key-Pins", "Access-Control-Allow-Origin")
DIRECTIVES = {
    "default-src": {"'self'"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
}
SWITCHED_OFF = {"camera", "microphone", "geolocation", "payment", "usb"}
COOKIES_FOR_SCRIPTS = {"zone", "theme", "__Host-zone", "__Host-theme"}  # they say nothing of anybody, and open nothing
LOADS = (
    "//script/@src | //img/@src | //iframe/@src | //object/@data | //source/@src"
    " | //link[contains('stylesheet icon manifest modulepreload preload', @rel)]/@href"
)
DATA = {"application/json", "application/ld+json"}  # types of scripts that no browser runs


def faults(answer, *, private: bool, production: bool = False, part: bool = False) -> Iterator[str]:
    """Everything that is wrong with one answer.

    Args:
        private: somebody is logged in, or it is not meant for caches.
        part: of a page, given to a script.
    """
    yield from headers(answer, private=private, production=production)
    yield from cookies(answer, production=production)
    shown = "attachment" not in answer.headers.get("Content-Disposition", "") and not 300 <= answer.status_code < 400
    if answer.mimetype == "text/html" and shown:
        yield from what_would_run(html.fragment_fromstring(answer.text, "div")) if part else markup(answer.text)
    if answer.mimetype == "application/json" and not answer.get_data().lstrip().startswith(b"{"):
        yield "JSON whose outermost value is no object"


def headers(answer, *, private: bool, production: bool) -> Iterator[str]:
    for name, value in ALWAYS.items():
        if answer.headers.get(name) != value:
            yield f"{name} is {answer.headers.get(name)}"
    if answer.headers.get("Referrer-Policy") not in REFERRER:
        yield f"Referrer-Policy is {answer.headers.get('Referrer-Policy')}"
    for name in NEVER:
        if name in answer.headers:
            yield f"{name} is sent"
    yield from content_policy(answer.headers.get("Content-Security-Policy", ""))
    off = set(re.findall(r"([\w-]+)=\(\)", answer.headers.get("Permissions-Policy", "")))
    if off < SWITCHED_OFF:
        yield f"Permissions-Policy leaves {SWITCHED_OFF - off}"
    if production and "max-age=31" not in answer.headers.get("Strict-Transport-Security", ""):
        yield "no Strict-Transport-Security"
    if "charset" not in answer.headers.get("Content-Type", "charset") and answer.mimetype.startswith("text/"):
        yield "text without a charset"
    if private and "no-store" not in answer.headers.get("Cache-Control", ""):
        yield f"Cache-Control is {answer.headers.get('Cache-Control')}"


def content_policy(policy: str) -> Iterator[str]:
    """Everything from the desk itself, nothing inline: no nonce is needed where nothing stands inline."""
    given = {name: set(values) for name, *values in (part.split() for part in policy.split(";") if part.strip())}
    if given.get("default-src") == {"'none'"} and "sandbox" in given:
        return  # a file, by itself: stricter than a page can be
    for name, least in DIRECTIVES.items():
        if given.get(name) != least:
            yield f"Content-Security-Policy: {name} is {given.get(name)}"
    for name, values in given.items():
        if any("unsafe" in value or value in ("*", "http:", "https:") for value in values):
            yield f"Content-Security-Policy: {name} allows {values}"
        if "data:" in values and name != "img-src":
            yield f"Content-Security-Policy: {name} allows data:"


def cookies(answer, *, production: bool) -> Iterator[str]:
    for line in answer.headers.getlist("Set-Cookie"):
        name, _, rest = line.partition("=")
        attributes = {part.strip().lower() for part in rest.split(";")[1:]}
        if "samesite=lax" not in attributes and "samesite=strict" not in attributes:
            yield f"cookie {name} without SameSite"
        if "httponly" not in attributes and name not in COOKIES_FOR_SCRIPTS:
            yield f"cookie {name} without HttpOnly"
        if any(one.startswith("domain") for one in attributes):
            yield f"cookie {name} for other hosts"
        if production and "secure" not in attributes:
            yield f"cookie {name} without Secure"
        if production and not name.startswith("__Host-"):
            yield f"cookie {name} that another host could set"
        if production and "path=/" not in attributes:
            yield f"cookie {name} of a path"


def markup(text: str) -> Iterator[str]:
    """Of a whole page. What people wrote holds `alert` and would make a script of its own where it is not escaped."""
    page = html.document_fromstring(text)
    if not (page.findtext(".//title") or "").strip():
        yield "no title"
    if len(page.findall(".//h1")) != 1:
        yield f"{len(page.findall('.//h1'))} first headings"
    if not page.get("lang"):
        yield "no lang"
    twice = [name for name, times in Counter(page.xpath("//@id")).items() if times > 1]
    if twice:
        yield f"the same id twice: {twice[:3]}"
    yield from what_would_run(page)


def what_would_run(page) -> Iterator[str]:
    """Inline scripts and styles, handlers, addresses that are code, and whatever is loaded from elsewhere."""
    for script in page.findall(".//script"):
        if script.get("type") not in DATA and not script.get("src"):
            yield f"an inline script: {(script.text or '')[:60]!r}"
    if page.findall(".//style"):
        yield "an inline style sheet"
    yield from (f"a handler: {value[:60]!r}" for value in page.xpath("//@*[starts-with(name(), 'on')]"))
    yield from (f"an inline style: {value[:60]!r}" for value in page.xpath("//@style"))
    for address in page.xpath("//@href | //@src | //@action | //@formaction"):
        if re.match(r"\s*(javascript|data|vbscript):", address, re.IGNORECASE):
            yield f"an address that is code: {address[:60]!r}"
    for address in page.xpath(LOADS):
        if not address.startswith("/") or address.startswith("//"):
            yield f"something from elsewhere: {address[:60]!r}"
    if page.xpath("//b[text()='bold']"):
        yield "what people wrote is markup"
