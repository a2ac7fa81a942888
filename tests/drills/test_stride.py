"""Cases are judged by a stream in its stride: as one that has seen all of it from the beginning."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.made.street import Street

from oddframe.detectors.contract import Forking
from oddframe.drills import drilling
from oddframe.drills import stride as stride_module
from oddframe.drills.clip import Clip, ClipVideo, as_it_is, read_clip
from oddframe.drills.cutouts import cut_movers
from oddframe.drills.drilling import drill_run
from oddframe.drills.faults import FAULTS
from oddframe.drills.judging import score_clip
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import Drill
from oddframe.drills.stage import Faulted, Stage
from oddframe.drills.stride import Stride, Watching
from oddframe.drills.surveying import survey
from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.media.watched_video import watched
from oddframe.runs.run_folder import read_run
from oddframe.videos.manifest import Manifest

FEW = tuple(
    fault
    for fault in FAULTS
    if fault.name in ("a striped mover", "everything mirrored", "the camera covered")
)


WATCHED = 24.0
"""Two showings: minutes would make the same point, and take minutes."""


@pytest.fixture(scope="module", autouse=True)
def watched_for_less() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (stride_module, drilling):
            patch.setattr(module, "WATCHED_SECONDS", WATCHED)
        yield


@pytest.fixture(scope="module")
def detector(street: Street) -> Forking:
    return read_run(street.run).detector  # ty: ignore


SHOWING = 12.0


@pytest.fixture(scope="module")
def film(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording in which there is room for two showings beside a stretch."""
    path = tmp_path_factory.mktemp("stride") / "long.mp4"
    return street.film(path, street.images(3.5 * SHOWING, 9))


@pytest.fixture(scope="module")
def walk(film: Path) -> Manifest:
    return Footage.given(film).read()


@pytest.fixture(scope="module")
def stage(walk: Manifest) -> Stage:
    (video,) = walk
    clip = read_clip(walk, video, 0, round(SHOWING * video.fps), (video.width, video.height))
    scene = survey(walk, walk.videos, lambda *_: None)
    return Stage.on(clip, scene, tuple(cut_movers(clip)), (0, 0, 0, 0))


@pytest.fixture(scope="module")
def stride(detector: Forking, stage: Stage, walk: Manifest) -> Stride:
    (video,) = walk
    return Stride.of(detector, stage.clip, video.clock.watched)


def from_the_beginning(detector: Forking, clip: Clip, video: ClipVideo) -> list[float]:
    """What one stream says of a case after minutes of the clip as it is, with nothing copied."""
    stream = detector.stream(video.info)
    showings = math.ceil(WATCHED / clip.length)
    said = []
    for showing, shown in enumerate([*[as_it_is(clip)] * showings, video]):
        for number, frame in enumerate(watched(shown)):
            frame.anew = frame.anew or (number == 0 and showing > 0)
            frame.seconds += showing * clip.length
            said += stream.push(frame)
    said += stream.finish()
    return [one.value for one in said[-video.info.frames :]]


def faulted_by(stage: Stage, name: str) -> tuple[Faulted, ClipVideo]:
    made = next(fault for fault in FAULTS if fault.name == name).make(stage)
    return made, ClipVideo(stage.clip, made.picture, made.frames, made.source)


def test_a_case_is_judged_as_by_a_stream_that_saw_all_of_it(detector, stage, stride) -> None:
    wanted = {}
    for name in ("a striped mover", "the camera covered"):
        video = faulted_by(stage, name)[1]
        wanted[name] = from_the_beginning(detector, stage.clip, video)
    # Each of them in turn, and again: no case disturbs the stream that others go on from.
    for name in [*wanted, *wanted]:
        found = score_clip(detector, faulted_by(stage, name)[1], stride.lead)
        assert found.values.tolist() == np.float32(wanted[name]).tolist()
        assert [one.frame for one in found.frames] == list(range(len(found.values)))


def test_what_is_odd_from_its_first_frame_on_follows_what_was_watched(
    detector, stage, stride
) -> None:
    """The street is no one-way street, so it is mirrored by hand."""
    clip = stage.clip
    video = ClipVideo(clip, lambda at: np.ascontiguousarray(clip.images[at][:, ::-1]), stage.end)
    found = score_clip(detector, video, stride.start)
    wanted = from_the_beginning(detector, clip, video)
    assert found.values.tolist() == np.float32(wanted).tolist()


def test_who_is_in_his_stride_believes_what_lasts(detector, stage, stride) -> None:
    """One that has just begun believes a sixteenth of it after four seconds, and this a third."""
    made, video = faulted_by(stage, "a striped mover")
    (part,) = made.parts
    short, long = (score_clip(detector, video, one).values for one in (None, stride.lead))
    assert long[part.start : part.end].max() > short[part.start : part.end].max()


def test_nothing_is_watched_for_longer_than_the_recording_lasts(detector, stage, stride) -> None:
    """What is normal after minutes is not known of a run whose footage is in pieces of seconds."""
    assert stride.watched == pytest.approx(2 * SHOWING)
    whole = Stride.of(detector, stage.clip, 1.9 * SHOWING)
    assert whole.watched == 0
    video = faulted_by(stage, "a striped mover")[1]
    found, wanted = (score_clip(detector, video, one).values for one in (whole.lead, None))
    assert found.tolist() == wanted.tolist()
    one = Stride.of(detector, stage.clip, 2 * SHOWING)
    assert one.watched == pytest.approx(SHOWING)


@pytest.fixture(scope="module")
def asked(street: Street, film: Path):
    run, footage = read_run(street.run), Footage.given(film)

    def ask(out: Path) -> Drill:
        wanted = DrillRequest(run, footage, out=out, cases=1, faults=FEW, longest=SHOWING)
        return drill_run(wanted).drill

    return ask


@pytest.fixture(scope="module")
def heard(asked, tmp_path_factory: pytest.TempPathFactory) -> tuple[Drill, list, list]:
    """A whole drill, the clips that it read, and what it judged."""
    judged, clips = [], []

    def reading(*of):
        clips.append(read_clip(*of))
        return clips[-1]

    def listening(detector, video, before):
        judged.append((video, score_clip(detector, video, before)))
        return judged[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drilling, "read_clip", reading)
        patch.setattr(drilling, "score_clip", listening)
        return asked(tmp_path_factory.mktemp("heard") / "whole"), clips, judged


def test_a_drill_judges_its_cases_in_their_stride(detector, heard) -> None:
    drill, (clip,), judged = heard
    assert drill.watched == pytest.approx(2 * SHOWING)
    assert len(judged) == len(drill.cases)
    for video, found in judged:
        wanted = from_the_beginning(detector, clip, video)
        assert found.values.tolist() == np.float32(wanted).tolist()
    peaks = [max(float(value) for value in found.values) for _, found in judged]
    assert all(case.peak <= round(peak, 4) for case, peak in zip(drill.cases, peaks, strict=True))


def test_a_drill_that_was_stopped_comes_to_the_same(asked, heard, tmp_path, monkeypatch) -> None:
    """The streams are not kept on disk: what they had seen is watched again."""
    whole, done = heard[0], []

    def stopping(*of):
        if done:
            raise KeyboardInterrupt
        done.append(of)
        return score_clip(*of)

    monkeypatch.setattr(drilling, "score_clip", stopping)
    with pytest.raises(KeyboardInterrupt):
        asked(tmp_path / "stopped")
    monkeypatch.setattr(drilling, "score_clip", score_clip)
    assert asked(tmp_path / "stopped") == whole


def test_who_promises_to_fork_and_cannot_is_told(detector, stage) -> None:
    class Promises:
        name = "mine"

        def stream(self, info, *, source="", live=False):
            return object()

    begun = Watching.begun(Promises(), as_it_is(stage.clip))  # ty: ignore
    with pytest.raises(OddframeError) as error:
        begun.fork()
    assert "detector mine: " in str(error.value)
    assert "expected its stream to have a method fork" in str(error.value)
