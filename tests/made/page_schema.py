"""What can be asked of the page, as OpenAPI says such things: made of the routes that there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.serving.application import routes_of
from oddframe.serving.passwords import Passwords
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site

TEXT = {"type": "string", "maxLength": 40}
IN_ADDRESS = {
    "before": (),
    "budget": ("1", "nan", "1e999", "-1"),
    "by": ("threshold", "budget", "file"),
    "camera": ("front", "gone", "door", "yard"),
    "cue": ("motion", "look"),
    "day": ("2026-03-01", "0001-01-01", "9999-12-31"),
    "days": ("1", "7"),
    "heat": ("",),
    "large": ("",),
    "next": ("/review", "//evil.example"),
    "save": ("",),
    "saved": ("zones", "limit"),
    "state": ("undecided", "odd", "normal", "open", "all"),
    "threshold": ("2.5", "inf", "nan", "-0", "1e308"),
    "zone": ("door",),
}
"""Names in an address, and values that mean something."""
IN_FORM = {
    "annotate": ("yes",),
    "armed": ("yes", "no"),
    "back": ("/review?state=all", "//evil.example"),
    "budget": IN_ADDRESS["budget"],
    "by": IN_ADDRESS["by"],
    "fit": ("1", "-1", "../1"),
    "footage": ("upload-1", "../street", "/etc"),
    "gigabytes": ("0.001", "nan", "-1"),
    "hours": ("0.001", "inf", "1e99"),
    "ids": (),
    "job-1": ("",),
    "mark": (),
    "monday": ("always", "18:00-07:00", "25:00-26:00"),
    "next": IN_ADDRESS["next"],
    "password": ("",),
    "piece-x": ("yes",),
    "run": ("1", "../run"),
    "sink": (),
    "threshold": IN_ADDRESS["threshold"],
    "time_zone": ("UTC", "Europe/Vienna", "../../etc/passwd"),
    "upload": ("1",),
    "what": ("start", "stop", "fit", "remove", "use", "go on"),
    "word": ("odd", "normal", "later", "none"),
    "zone-0-corners": ("0.1 0.1\n0.9 0.1\n0.5 0.9",),
    "zone-0-gone": ("yes",),
    "zone-0-kind": ("watch", "ignore"),
    "zone-0-name": ("way in",),
    "zone-0-sensitivity": ("1", "nan", "1e-320"),
}
"""Fields of forms, likewise."""


def page_schema(folder: Path, known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """OpenAPI's description of all addresses.

    Args:
        folder: an empty one.
        known: values that mean something, by the name of a part of an address or a field.
    """
    site = Site(JournalReader(StateFolder(folder)), None, Sessions(Passwords({})))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes_of(site):
        parts = re.findall(r"{(\w+):(\w+)}", route.path)
        given = [_part(name, "path", known, number=kind == "int") for name, kind in parts]
        path = re.sub(r":\w+}", "}", route.path)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            found: dict[str, Any] = {"parameters": given, "responses": {"default": _ANY}}
            if method == "GET":
                asked = [_part(name, "query", known) for name in IN_ADDRESS]
                headers = [_part(name, "header", known) for name in ("Range", "If-None-Match")]
                found["parameters"] = [*given, *asked, *headers]
            else:
                found["requestBody"] = {"content": _bodies(known)}
            paths.setdefault(path, {})[method.lower()] = found
    return {"openapi": "3.1.0", "info": {"title": "oddframe", "version": "0"}, "paths": paths}


_ANY = {"description": "a page, a file, or a line that says why not"}


def _part(
    name: str, where: str, known: Mapping[str, Sequence[str]], *, number: bool = False
) -> dict[str, Any]:
    values = {"type": "integer"} if number else _values(name, known)
    return {"name": name, "in": where, "required": where == "path", "schema": values}


def _values(name: str, known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    found = [*known.get(name, ()), *IN_ADDRESS.get(name, ()), *IN_FORM.get(name, ())]
    return {"anyOf": [{"enum": found}, TEXT]} if found else TEXT


def _bodies(known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    fields = {name: _values(name, known) for name in IN_FORM}
    form = {"type": "object", "properties": fields, "additionalProperties": False}
    return {
        "application/x-www-form-urlencoded": {"schema": form},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"run": TEXT, "video": {"type": "string", "format": "binary"}},
            }
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
