"""When something in a video was, as files say it."""

from __future__ import annotations

from oddframe.media.clock import Clock


def times_of(start: int, end: int, clock: Clock) -> dict[str, float | str]:
    """When frames ``[start, end)`` are, as ``events.json`` has it.

    In seconds, and in time of day where the recording says when it was made.
    """
    first, last = clock.span(start, end)
    times: dict[str, float | str] = {
        "start_seconds": round(first, 3),
        "end_seconds": round(last, 3),
    }
    for name, seconds in (("start_time", first), ("end_time", last)):
        if (moment := clock.moment(seconds)) is not None:
            times[name] = moment.isoformat(timespec="milliseconds")
    return times
