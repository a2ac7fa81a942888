"""What a form sends: names and values, each name once."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl

from starlette.requests import Request

MOST_FIELDS = 400


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; nothing where it is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        return {}
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def number_of(words: str) -> float:
    """The number that words are; NaN where they are none."""
    try:
        return float(words)
    except ValueError:
        return math.nan
