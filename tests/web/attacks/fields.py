"""What each route takes: the fields of the forms on the pages, with what stands in them, and those code asks for."""

import inspect
import re
import sys
from collections import defaultdict

from flask import Flask
from lxml import html
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

_ASKED = re.compile(r"""request\.(form|args|files|values)(?:\.get|\.getlist)?[(\[]\s*["']([\w-]+)["']""")

Fields = dict[tuple[str, str], dict[str, str]]


def changing(app: Flask) -> list[tuple[str, Rule]]:
    """Every route that changes something, in the order of their names."""
    found = [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"})
    ]
    return sorted(found, key=lambda one: (one[1].endpoint, one[0]))


def on_pages(app: Flask, client, addresses: list[str]) -> Fields:
    """The fields of the forms on these pages, by method and endpoint of the form's action."""
    found: Fields = defaultdict(dict)
    for address in addresses:
        answer = client.get(address)
        text = answer.text if answer.mimetype == "text/html" and answer.status_code == 200 else ""
        answer.close()
        if not text.strip():
            continue
        for form in html.document_fromstring(text).forms:
            try:
                endpoint, _ = app.url_map.bind("localhost").match(
                    (form.action or address).partition("?")[0], form.method
                )
            except HTTPException as error:
                raise AssertionError(f"{address}: a form that leads to {form.action}") from error
            for field in form.xpath(".//*[@name] | //*[@name][@form=$id]", id=form.get("id") or "-"):
                if field.tag != "button":
                    found[form.method, endpoint].setdefault(field.get("name"), _value(field))
                elif field.get("value"):
                    found[form.method, endpoint].setdefault(field.get("name"), field.get("value"))
    return found


def _value(field) -> str:
    value = getattr(field, "value", None)
    return value if isinstance(value, str) else field.get("value") or ""


def in_code(app: Flask, endpoint: str, kind: str) -> set[str]:
    """The names that the room of this view asks the request for; `kind`: form, args or files."""
    view = inspect.unwrap(app.view_functions[endpoint])
    source = inspect.getsource(sys.modules[view.__module__])
    return {name for where, name in _ASKED.findall(source) if where in (kind, "values")}
