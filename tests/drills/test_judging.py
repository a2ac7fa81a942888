"""Verdicts on hand-made scores: when, where and whether a fault was noticed."""

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.drills.clip import Clip
from oddframe.drills.judging import Scored, Untouched, judge, watch_untouched
from oddframe.drills.result import Case
from oddframe.drills.stage import Fault, Faulted, Part
from oddframe.media.frames import Frame, MediaInfo

FPS, FRAMES = 10.0, 100
START, END = 40, 70
CLIP = Clip(
    "street",
    5.0,
    FPS,
    np.arange(FRAMES) / FPS,
    np.zeros((FRAMES, 8, 8, 3), np.uint8),
    np.zeros((FRAMES, 8, 8), np.uint8),
)
BOX = (2, 2, 5, 5)


def scored(values: Sequence[float], box: tuple[int, int, int, int] = BOX, camera: str = ""):
    frames = tuple(
        FrameScore(number, value, boxes=(box,), reason="it is odd", camera=camera * (number >= 45))
        for number, value in enumerate(values)
    )
    return Scored(np.array(values, np.float32), frames)


def judged(
    values: np.ndarray,
    calm: np.ndarray | None = None,
    *,
    part: Part | None = None,
    expected: str = "odd",
    camera: str = "",
    box: tuple[int, int, int, int] = BOX,
    shows: tuple[int, int] | None = None,
) -> Case:
    calm = np.zeros(FRAMES) if calm is None else calm
    part = part or Part(START, END)
    fault = Fault("presence", "somebody", lambda _: faulted, expected)  # ty: ignore
    faulted = Faulted(lambda _: CLIP.images[0], FRAMES, (part,), lambda _: (BOX,), shows=shows)
    untouched = Untouched(calm.tolist(), [False] * FRAMES, 0, FRAMES / FPS)
    said = scored(values.tolist(), box, camera)
    return judge(fault, part, faulted, said, untouched, np.sort(calm.astype(np.float32)), CLIP, 1.0)


class HalfTested:
    """Half a clip is too little for it to say anything, and then it says 0.5."""

    name, threshold = "half-tested", 0.2
    traits = Traits("frames", "at once")
    untested = 0

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False):
        return self

    def push(self, frame: Frame) -> list[FrameScore]:
        tested = frame.index >= self.untested
        return [FrameScore(frame.index, 0.1 if tested else 0.5, tested=tested)]

    def finish(self) -> list[FrameScore]:
        return []


@pytest.mark.parametrize("untested", [0, FRAMES // 2, FRAMES])
def test_what_was_not_tested_rings_no_alarm(untested: int) -> None:
    detector = HalfTested()
    detector.untested = untested
    found = watch_untouched(detector, CLIP)  # ty: ignore
    assert found.alarms == 0
    assert max(found.values) <= 0.2 + 1e-6


class Blinks(HalfTested):
    """It rings twice, three seconds apart, and says how far apart alarms are two."""

    traits = Traits("frames", "at once", counts_alarms=True)
    merge_seconds = 1.0

    def push(self, frame: Frame) -> list[FrameScore]:
        return [FrameScore(frame.index, float(frame.index in (40, 71)))]


@pytest.mark.parametrize(("gap", "alarms"), [(1.0, 2), (3.0, 1)])
def test_alarms_are_counted_as_the_promise_counts_them(gap: float, alarms: int) -> None:
    detector = Blinks()
    detector.merge_seconds = gap
    assert watch_untouched(detector, CLIP).alarms == alarms  # ty: ignore


def at(*frames: int) -> np.ndarray:
    values = np.zeros(FRAMES)
    values[list(frames)] = 2.0
    return values


def test_an_alarm_while_it_is_there_is_noticed_after_its_delay() -> None:
    case = judged(at(52, 53))
    assert (case.verdict, case.delay, case.peak, case.place) == ("noticed", 1.2, 2.0, True)
    assert case.begins == 9.0  # where the clip begins, and 4 s
    assert case.boxes == (BOX,)


@pytest.mark.parametrize(
    ("frame", "verdict"), [(39, "missed"), (40, "noticed"), (79, "noticed"), (80, "missed")]
)
def test_alarms_count_from_the_beginning_to_a_second_after_the_end(frame, verdict) -> None:
    assert judged(at(frame)).verdict == verdict


def test_a_score_on_the_threshold_is_no_alarm() -> None:
    assert judged(at(50) / 2).verdict == "missed"


def test_a_longer_stay_is_another_question() -> None:
    short, long = Part(START, END, "3 s"), Part(START, END + 20, "5 s")
    assert judged(at(75), part=short).verdict == "missed"
    case = judged(at(75), part=long)
    assert (case.verdict, case.strength) == ("noticed", "5 s")


def test_where_the_footage_alarms_by_itself_a_case_says_nothing() -> None:
    assert judged(at(50), at(60)).verdict == "rings anyway"
    assert judged(at(50), at(20)).verdict == "noticed"
    # Twice as fast, the stretch shows what comes later.
    assert judged(at(50), at(85), shows=(40, 90)).verdict == "rings anyway"


def test_a_place_is_right_where_it_meets_the_oddity() -> None:
    assert judged(at(50), box=(4, 4, 8, 8)).place is True
    assert judged(at(50), box=(5, 5, 8, 8)).place is False
    assert judged(at(10), box=(5, 5, 8, 8)).place is None


def test_the_camera_is_to_be_named_and_a_score_is_not_enough() -> None:
    rang = judged(at(50), expected="camera")
    assert (rang.verdict, rang.alarmed) == ("missed", True)
    named = judged(at(), expected="camera", camera="covered")
    assert (named.verdict, named.camera, named.alarmed) == ("noticed", "covered", False)


def test_without_an_alarm_there_is_no_delay() -> None:
    case = judged(at())
    assert case.delay is None
    assert case.verdict == "missed"


def test_the_auc_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    values, calm = random.normal(0.3, 1, FRAMES).round(1), random.normal(0, 1, FRAMES).round(1)
    labels = np.repeat([1, 0], [END - START, FRAMES])
    expected = roc_auc_score(labels, np.concatenate([values[START:END], calm]))
    assert judged(values, calm).surprise == pytest.approx(expected, abs=1e-4)
