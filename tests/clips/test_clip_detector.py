"""What detectors of clips share, with a detector whose terms can be worked out by hand."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from oddframe.calibration.score_of_terms import fitted_scales
from oddframe.calibration.video_scales import over_greatest, within_video
from oddframe.clips.calibration import calibrate_detector
from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.stream import TermStream, terms_of
from oddframe.clips.terms import MAP_SIDE, ClipTerms
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video


@dataclass(frozen=True)
class JumpConfig(ClipConfig):
    frames: int = 3
    judged: int = 1


class Jump(ClipDetector):
    """How much brighter the last frame of a clip is than its first, and how bright it is."""

    name = "jump"
    config_type = JumpConfig

    def __init__(self, config: JumpConfig) -> None:
        super().__init__(config)
        self.unused = nn.Parameter(torch.zeros(1))

    @property
    def clip_length(self) -> int:
        return self.config.frames

    @property
    def weights(self) -> dict[str, float]:
        return {"error": 0.75, "brightness": 0.25}

    def losses(self, phase, batch):
        return {}

    def pictures(self, clip):
        return {}

    def measure(self, clip):
        last, first = (self.as_unit(clip[:, at]).mean((1, 2, 3)) for at in (-1, 0))
        return ClipTerms({"error": last - first, "brightness": last}, clip[:, -1].mean(1) + 1)


def grey_frames(values: list[int], size: int = 16) -> list[np.ndarray]:
    return [np.full((size, size, 1), value, np.uint8) for value in values]


def jump(**options) -> Jump:
    return Jump(JumpConfig(size=16, colour="grey", **options))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(0, 255), min_size=1, max_size=40),
    frames=st.integers(1, 4),
    frame_step=st.integers(1, 3),
    batch=st.integers(1, 9),
)
def test_every_frame_is_measured_once_from_itself_and_earlier_ones(
    values: list[int], frames: int, frame_step: int, batch: int
) -> None:
    detector = jump(frames=frames, frame_step=frame_step)
    detector.scoring_batch = batch
    before = (frames - 1) * frame_step
    if len(values) <= before:
        with pytest.raises(OddframeError, match=f"clips of {before + 1} frames"):
            list(terms_of(detector, grey_frames(values)))
        return
    found = list(terms_of(detector, grey_frames(values)))
    assert [part.frame for part in found] == list(range(len(values)))
    for part in found:
        last = max(part.frame, before)
        assert part.terms["error"] == pytest.approx(
            (values[last] - values[last - before]) / 255, abs=1e-5
        )


@settings(max_examples=60)
@given(
    values=st.lists(st.integers(0, 255), min_size=1, max_size=30),
    breaks=st.sets(st.integers(0, 29)),
    frames=st.integers(1, 4),
    frame_step=st.integers(1, 2),
    batch=st.integers(1, 5),
)
def test_no_clip_reaches_across_a_break(
    values: list[int], breaks: set[int], frames: int, frame_step: int, batch: int
) -> None:
    """Against every clip that lies within one piece, found one by one."""
    detector = jump(frames=frames, frame_step=frame_step)
    detector.scoring_batch = batch
    span = (frames - 1) * frame_step
    lasts = [
        last
        for last in range(span, len(values))
        if not breaks & {*range(last - span + 1, last + 1)}
    ]
    if not lasts:
        with pytest.raises(OddframeError, match="without a cut"):
            list(terms_of(detector, grey_frames(values), breaks))
        return
    found = list(terms_of(detector, grey_frames(values), breaks))
    assert [part.frame for part in found] == list(range(len(values)))
    for part in found:
        last = next((last for last in lasts if last >= part.frame), lasts[-1])
        assert part.terms["error"] == pytest.approx(
            (values[last] - values[last - span]) / 255, abs=1e-5
        )


class Rise(Jump):
    """How much brighter than the first frame of a clip each of its last frames is."""

    @property
    def judged(self) -> int:
        return self.config.judged

    def measure(self, clip):
        level = clip.mean((2, 3, 4))
        found = (level - level[:, :1])[:, self.clip_length - self.judged :]
        maps = clip[:, self.clip_length - self.judged :].mean(2) + 1
        return ClipTerms({"error": found, "brightness": level[:, -found.shape[1] :]}, maps)


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(st.integers(0, 255), min_size=1, max_size=40),
    breaks=st.sets(st.integers(1, 39)),
    judged=st.integers(1, 3),
    more=st.integers(1, 3),
    batch=st.integers(1, 3),
    live=st.booleans(),
)
def test_a_clip_judges_its_last_frames_and_the_first_of_a_piece_also_those_before(
    values: list[int], breaks: set[int], judged: int, more: int, batch: int, live: bool
) -> None:
    """Each frame against the start of its own clip, which is found by counting."""
    length = judged + more
    detector = Rise(JumpConfig(size=16, colour="grey", frames=length, judged=judged, pixels="unit"))
    detector.scoring_batch = batch
    edges = [0, *sorted(at for at in breaks if at < len(values)), len(values)]
    pieces = [(a, b) for a, b in itertools.pairwise(edges) if b - a >= length]
    stream = TermStream(detector, live=live)
    found = []
    for number, image in enumerate(grey_frames(values)):
        found += stream.push(image, anew=number in breaks)
        if live and any(a + length <= number + 1 <= b for a, b in pieces):
            assert len(found) == number + 1
    if not pieces:
        with pytest.raises(OddframeError, match="without a cut"):
            stream.finish()
        return
    found += stream.finish()
    assert [part.frame for part in found] == list(range(len(values)))
    for part in found:
        home = next((piece for piece in pieces if part.frame < piece[1]), None)
        if home is None:  # after the last piece that is long enough
            wanted = found[pieces[-1][1] - 1].terms["error"]
        else:
            frame = part.frame
            while frame < home[0] + more:  # not judged: as the frame so many later
                frame += judged
            clip = (frame - home[0] - more) // judged
            wanted = (values[frame] - values[home[0] + clip * judged]) / 255
            assert part.map.mean() == pytest.approx(values[frame] / 255 + 1, abs=1e-5)
        assert part.terms["error"] == pytest.approx(wanted, abs=1e-5)


def test_pixels_have_the_named_range_and_order() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16, 3), dtype=np.uint8)
    frames[0, 0] = 77  # a frame of one value
    clip = torch.from_numpy(frames)
    turned = frames.transpose(0, 1, 4, 2, 3).astype(np.float64)

    def pixels(**options) -> np.ndarray:
        return Jump(JumpConfig(size=16, **options)).as_pixels(clip).numpy()

    assert pixels(colour="rgb", pixels="unit") == pytest.approx(turned / 255, abs=1e-6)
    assert pixels(colour="bgr", pixels="unit") == pytest.approx(turned[:, :, ::-1] / 255, abs=1e-6)
    assert pixels(colour="rgb") == pytest.approx(turned / 127.5 - 1, abs=1e-6)
    stretched = pixels(colour="rgb", pixels="per-image")
    assert (stretched[0, 0] == 0).all()
    for video, frame in [(0, 1), (0, 2), (1, 0)]:
        one = turned[video, frame]
        wanted = (one - one.min()) / (one.max() - one.min())
        assert stretched[video, frame] == pytest.approx(wanted, abs=1e-6)


def test_scores_are_weighted_terms_on_the_scale_of_normal_footage() -> None:
    detector = jump()
    normal = {"error": np.array([1.0, 2.0, 3.0]), "brightness": np.array([5.0, 5.0, 5.0])}
    detector.scales = fitted_scales(normal, np.array([1.0, 3.0]))
    assert detector.scales["error"] == pytest.approx((2.0, np.sqrt(2 / 3)))
    assert detector.scales["brightness"] == (5.0, 1.0)  # never changes: nothing to divide by
    assert detector.scales["map"] == (2.0, 1.0)
    terms = {"error": np.array([2.0, 4.0]), "brightness": np.array([5.0, 7.0])}
    wanted = 0.75 * (terms["error"] - 2) / np.sqrt(2 / 3) + 0.25 * (terms["brightness"] - 5)
    assert detector.combine(terms) == pytest.approx(wanted, rel=1e-6)
    assert detector.combine(terms, per_video=True) == pytest.approx([0.0, 1.0])
    constant = {"error": np.array([4.0, 4.0]), "brightness": np.array([1.0, 3.0])}
    assert detector.combine(constant, per_video=True) == pytest.approx([0.0, 0.25])


def test_regularity_in_its_two_forms_ranks_one_video_alike_and_two_not() -> None:
    calm, odd = np.array([4.0, 5.0, 8.0]), np.array([1.0, 3.0, 10.0])
    assert over_greatest(calm) == pytest.approx([0, 1 / 8, 1 / 2])
    assert over_greatest(odd) == pytest.approx([0, 2 / 10, 9 / 10])
    assert within_video(calm) == pytest.approx([0, 1 / 4, 1])
    assert within_video(odd) == pytest.approx([0, 2 / 9, 1])
    for errors in (calm, odd):
        assert (np.argsort(over_greatest(errors)) == np.argsort(within_video(errors))).all()
    assert within_video(calm)[1] > within_video(odd)[1]
    assert over_greatest(calm)[1] < over_greatest(odd)[1]
    assert over_greatest(np.zeros(3)).tolist() == [0, 0, 0]
    assert over_greatest(np.full(3, 7.0)).tolist() == [0, 0, 0]


def test_calibration_promises_what_normal_footage_shows() -> None:
    detector = jump(false_alarms_per_hour=1.0)
    generator = np.random.default_rng(1)
    normal = [grey_frames(generator.integers(90, 110, 50).tolist()) for _ in range(3)]
    assert detector.threshold == float("inf")
    calibrate_detector(detector, (("a", images, Clock(len(images), 25.0), ()) for images in normal))
    scores = []
    for images in normal:
        found = list(terms_of(detector, images))
        names = detector.weights
        scores.append(detector.combine({n: np.array([f.terms[n] for f in found]) for n in names}))
    assert detector.threshold == pytest.approx(np.concatenate(scores).max(), abs=1e-5)
    assert np.concatenate(scores).mean() == pytest.approx(0, abs=1e-4)
    assert "no alarm in 0.1 minutes" in detector.notes["threshold"]
    assert detector.notes["beginning"] == "frames 0 to 1 take the score of frame 2"


def test_a_cut_in_normal_footage_raises_no_threshold() -> None:
    quiet = np.random.default_rng(1).integers(90, 110, 50).tolist()
    images = grey_frames(quiet[:25] + [value + 100 for value in quiet[25:]])
    plain, joined = jump(), jump()
    calibrate_detector(plain, [("a", images, Clock(50, 25.0), ())])
    calibrate_detector(joined, [("a", images, Clock(50, 25.0), {25})])
    assert plain.scales["error"][1] > 2 * joined.scales["error"][1]
    found = list(terms_of(joined, images, {25}))
    scores = joined.combine({n: np.array([f.terms[n] for f in found]) for n in joined.weights})
    assert joined.threshold == pytest.approx(scores.max(), abs=1e-5)


def test_a_term_that_is_no_number_is_named_with_its_video() -> None:
    detector = jump()
    broken = ClipTerms({"error": torch.tensor([0.0, torch.nan])}, torch.ones(2, 4, 4))
    detector.measure = lambda clip: broken
    detector.scoring_batch = 2
    said = r"detector jump: video 'b': expected a finite term 'error' of frame 3, found nan"
    with pytest.raises(OddframeError, match=said):
        calibrate_detector(detector, [("b", grey_frames([1, 2, 3, 4]), Clock(4, 25.0), ())])


def test_a_saved_detector_scores_alike(tmp_path: Path) -> None:
    frames = tmp_path / "video"
    frames.mkdir()
    generator = np.random.default_rng(2)
    for index in range(12):
        image = generator.integers(0, 60 if index < 9 else 250, (40, 48), dtype=np.uint8)
        cv2.imwrite(str(frames / f"{index:03d}.png"), image)
    detector = jump()
    with open_video(frames) as video:
        images = [detector.looks.of(frame) for frame in video]
    calibrate_detector(detector, [("a", images[:9], Clock(9, 25.0), ())])
    with open_video(frames) as video:
        first = list(scores_of(detector, video))
    with open_video(frames) as video:
        second = list(scores_of(Jump.from_state(detector.state()), video))
    assert [part.value for part in first] == [part.value for part in second]
    state = detector.state()
    del state["config"]["resize"]  # as runs were saved before there was a choice
    with open_video(frames) as video:
        before = list(scores_of(Jump.from_state(state), video))
    assert [part.value for part in first] == [part.value for part in before]
    state["config"]["resize"] = "bilinear"
    with open_video(frames) as video:
        other = list(scores_of(Jump.from_state(state), video))
    assert [part.value for part in first] != [part.value for part in other]
    assert [part.frame for part in first] == list(range(12))
    odd = first[-1]
    assert odd.value > detector.threshold
    assert odd.cue in ("error", "brightness")
    assert all(0 <= x1 < x2 <= 48 and 0 <= y1 < y2 <= 40 for x1, y1, x2, y2 in odd.boxes)
    assert odd.reason.split(" (")[0] in (detector.reason("error"), detector.reason("brightness"))
    assert odd.score_map is not None
    assert odd.score_map.shape == (16, 16)


def test_maps_are_kept_small_and_on_the_scale_of_their_peaks() -> None:
    detector = Jump(JumpConfig(size=96, colour="grey", frames=1))
    images = [np.full((96, 96, 1), 100, np.uint8) for _ in range(3)]
    images[2][:48, :48] = 250
    found = list(terms_of(detector, images))
    assert found[0].map.shape == (MAP_SIDE, MAP_SIDE)
    peak = found[2].map
    assert peak[:15, :15].min() > peak[17:, 17:].max()
    assert peak.mean() == pytest.approx((images[2] / 127.5).mean(), abs=1e-3)


def test_a_map_that_is_zero_all_over_names_no_place(tmp_path: Path) -> None:
    class Blind(Jump):
        def measure(self, clip):
            found = super().measure(clip)
            return ClipTerms(found.terms, found.map * 0)

    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((20, 20), index, np.uint8))
    with open_video(tmp_path) as video:
        found = list(scores_of(Blind(JumpConfig(size=16, colour="grey")), video))
    assert [part.boxes for part in found] == [()] * 4
    assert all("(" not in part.reason for part in found)


@pytest.mark.parametrize(
    ("setting", "value", "wanted"),
    [
        ("size", 8, "16 to 4096"),
        ("smoothing_seconds", 1e300, "0 to 3600"),
        ("frame_step", 0, "1 or more"),
        ("batch_size", 0, "1 or more"),
        ("learning_rate", -1.0, "0 or more"),
        ("false_alarms_per_hour", 0.0, "more than 0"),
    ],
)
def test_settings_out_of_range(setting: str, value: float, wanted: str) -> None:
    with pytest.raises(OddframeError, match=f"--settings.{setting}: expected {wanted}"):
        JumpConfig(**{setting: value})
