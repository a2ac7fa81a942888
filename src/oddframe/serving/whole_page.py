"""Pages that a verb wrote, such as a drill's: one file each, with its style and script in it."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse

_HEADERS = {
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; frame-ancestors 'none'; sandbox allow-scripts"
}
"""It has no origin of its own, and can ask for nothing here."""


def whole_page(path: Path) -> FileResponse:
    """The answer with such a page."""
    return FileResponse(path, media_type="text/html", headers=_HEADERS)
