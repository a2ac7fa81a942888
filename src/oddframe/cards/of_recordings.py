"""Cards of recordings: a video, a folder of footage, a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from oddframe.cards.card import Card, facts
from oddframe.cards.manifest_summary import split_lines, time_lines
from oddframe.console.words import duration
from oddframe.footage.given import Footage
from oddframe.media.opening import open_video
from oddframe.media.video_file import FileReader
from oddframe.reporting.wording import not_filmed
from oddframe.videos.video import Video


def card_of_footage(path: Path) -> Card:
    """What is in a video, a folder of videos or images, or a manifest.

    Raises:
        OddframeError: nothing there, or nothing that is a video.
    """
    footage = Footage.given(path)
    manifest = footage.read()
    if footage.kind == "video" and len(manifest) == 1:
        (video,) = manifest
        return Card(str(path), "video", facts(_of_video(path, video)))
    kind = "manifest" if footage.is_manifest else "footage"
    rows = [
        ("data set", f"{manifest.dataset}, in {manifest.root}"),
        ("videos", split_lines(manifest)),
        ("times", time_lines(manifest)),
        ("labels", manifest.label_rule),
        ("left out", list(manifest.left_out.values())),
    ]
    return Card(str(path), kind, facts(rows))


def _of_video(path: Path, video: Video) -> Iterator[tuple[str, str | list[str]]]:
    with open_video(path) as reader:
        if isinstance(reader, FileReader):
            yield "coded as", reader.codec
    yield "picture", f"{video.width}x{video.height}"
    yield "frames", f"{video.frames:,}"
    rate = f"{video.fps:.6g} a second"
    yield "rate", rate if video.clock.is_regular else f"{rate}, typically; not evenly spaced"
    yield "length", duration(video.clock.length)
    if video.start is not None:
        yield "filmed from", video.start.isoformat(sep=" ", timespec="seconds")
    yield "not filmed", not_filmed([video])
