"""Which feed reads which kind of source."""

from __future__ import annotations

from oddframe.sources.feed import Feed
from oddframe.sources.recordings import FileFeed, MadeFeed
from oddframe.sources.source import Source


def open_feed(source: Source) -> Feed:
    """Open a source.

    Raises:
        Lost, OSError, ValueError: it gives nothing; what PyAV raises is among these.
    """
    if source.kind == "file":
        return FileFeed(source)
    return MadeFeed(source)
