"""What a process that was killed left behind: it is taken up before anything is watched."""

from __future__ import annotations

from collections.abc import Iterable

from oddframe.alerts.message import Message
from oddframe.errors import OddframeError
from oddframe.journal.journal import Journal
from oddframe.journal.live_event import LiveEvent

_OF_EVENTS = ("new", "update", "end")


def take_up(journal: Journal, waiting: Iterable[Message]) -> None:
    """Write down the events that only messages know of: what was told is in the journal as well.

    A message is on disk a moment before its event is. Killed in between, a person would be told
    that an event begins, and never that it is over.

    Args:
        journal: of the state folder.
        waiting: messages that no sink has taken yet, in order.
    """
    for message in waiting:
        if message.kind not in _OF_EVENTS or journal.event(message.event_id) is not None:
            continue
        try:
            event = LiveEvent.from_json(dict(message.event), message.id)
            journal.write(journal.state.with_its_files(event))
        except OddframeError:  # of another version, or somebody's own: it is sent as it is
            continue
