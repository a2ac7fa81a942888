"""The verb ``learn``: a person's word about events becomes a new version of a run."""

from __future__ import annotations

from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.files.paths import text_paths
from oddframe.runs.lessons import read_versions
from oddframe.runs.run_folder import read_run
from oddframe.teaching.moments import moments_of
from oddframe.teaching.teach import Taught, take_back, teach


@text_paths
def learn(
    run: Path,
    events: Path | None = None,
    *,
    normal: list[str] | None = None,
    odd: list[str] | None = None,
    undo: bool = False,
    version: int | None = None,
    list: bool = False,
) -> Taught:
    """Teach a run: an event that is normal there is silent from then on, and others are not.

    The run becomes a new version of itself, which ``score``, ``drill`` and ``watch`` use from then
    on (a ``watch`` that is running, once it is told with SIGHUP). The recordings of the events are
    looked at again, so they have to be there still.

    Args:
        run: run folder of a detector that can be taught, such as fixed-camera.
        events: ``events.json`` of a scoring, or its folder; or the state folder of ``watch``.
        normal: which of the events are normal at their place, such as ``3,7``: their numbers as
            ``score`` lists them, or, of a camera's events, their ids.
        odd: which are odd indeed: nothing like them is ever taken for normal there.
        undo: take back what the newest version was taught.
        version: with ``undo``, which version's lessons are taken back.
        list: list the versions, and change nothing.

    Returns:
        The versions, and what was learnt.

    Raises:
        OddframeError: no such run or event, a detector that cannot be taught, a recording that is
            not there any more, or two words about one event.
    """
    said = bool(normal or odd)
    if said + undo + list > 1:
        raise OddframeError("learn: expected --normal and --odd, or --undo, or --list; found more")
    if said and events is None:
        raise OddframeError(
            "learn: give the events.json of a scoring, or the state folder of 'oddframe watch', "
            "after the run: its events are what --normal and --odd name"
        )
    if events is not None and not said:
        raise OddframeError("learn: say which events are normal or odd, such as --normal 3,7")
    if version is not None and not undo:
        raise OddframeError("learn: --version says what --undo takes back; give both")
    known = read_run(run)
    if undo:
        return take_back(known, version)
    if not said:
        return Taught(**vars(known), versions=read_versions(run))
    assert events is not None, "checked above"
    return teach(known, moments_of(events, normal or (), odd or ()))
