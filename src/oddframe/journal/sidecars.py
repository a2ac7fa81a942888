"""The sidecar of an event: a JSON file beside its clip, and the truth that the journal indexes."""

from __future__ import annotations

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.files.text_files import read_json, shown
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.state_folder import EventFiles

FORMAT = "oddframe-live-event/1"


def write_sidecar(files: EventFiles, event: LiveEvent) -> None:
    """Write it whole, or leave what was there.

    Raises:
        CannotWriteError: a full disk, or a folder that cannot be written.
    """
    write_json(files.sidecar, {"format": FORMAT, **event.to_json()})


def read_sidecar(files: EventFiles) -> LiveEvent:
    """The event of a sidecar.

    Raises:
        OddframeError: it cannot be read, is of another version, or of another event or camera than
            its place says, or calls files its own that are not: whoever shows or removes an
            event's files trusts it.
    """
    path = files.sidecar
    content = read_json(path, "an event of a camera")
    found = content.pop("format", None) if isinstance(content, dict) else content
    if found != FORMAT:
        raise OddframeError(
            f"{path}: expected an event of the format '{FORMAT}', found {shown(found)}; use the "
            "oddframe that wrote it, or move the file elsewhere"
        )
    event = LiveEvent.from_json(content, str(path))
    if (event.camera, event.id) != (files.camera, files.event_id):
        raise OddframeError(
            f"{path}: expected the event {files.event_id} of camera '{files.camera}', found "
            f"{event.id} of '{event.camera}'; move the file to where it belongs"
        )
    named = (event.clip, event.picture, *event.later_clips)
    for name in named:
        if name is not None and not files.own(name):
            raise OddframeError(
                f"{path}: expected files of this event as its clip and picture, found "
                f"{shown(name)}; correct or remove the file"
            )
    return event
