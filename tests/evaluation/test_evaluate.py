import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from oddframe.cli.results import evaluation_table
from oddframe.errors import OddframeError
from oddframe.evaluation.baselines import trivial_baselines
from oddframe.evaluation.beginnings import without_first
from oddframe.evaluation.evaluate import PER_VIDEO_WARNING, evaluate_scores
from oddframe.evaluation.metrics.pixel_metrics import PixelCounts, sample_edges
from oddframe.evaluation.result import Evaluation
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.pixel_truth import read_mask


@pytest.fixture
def small(make_video):
    """Three anomalous and three normal videos, and scores that know a little."""
    generator = np.random.default_rng(0)
    labels = [np.repeat([0, 1, 0], [20, 15, 25])] * 3 + [np.zeros(50)] * 3
    videos = [make_video(f"v{i}", part) for i, part in enumerate(labels)]
    scores = {v.id: generator.normal(size=v.frames) + 1.5 * v.frame_labels() for v in videos}
    return Manifest("small", tuple(videos)), Scores(scores, {"threshold": 1.0, "causal": True})


def test_everything_is_there(small, tmp_path):
    manifest, scores = small
    evaluation = evaluate_scores(scores, manifest, resamples=200, seed=3)
    labels = np.concatenate([video.frame_labels() for video in manifest])
    flat = np.concatenate([scores[video.id] for video in manifest])
    assert evaluation.metrics["micro_auc"].value == pytest.approx(roc_auc_score(labels, flat))
    assert evaluation.metrics["average_precision"].value == pytest.approx(
        average_precision_score(labels, flat), abs=1e-6
    )
    assert (evaluation.videos, evaluation.anomalous_videos) == (6, 3)
    assert (evaluation.frames, evaluation.anomalous_frames) == (330, 45)
    for name in ("macro_auc", "event_f1_0.3", "detection_delay_seconds", "far_normal_videos"):
        number = evaluation.metrics[name]
        if number.value in (0, 1):
            assert number.note.startswith("no interval: at")
        else:
            assert number.low <= number.value <= number.high
    assert list(evaluation.baselines) == [
        "constant",
        "random",
        "video_oracle",
        "centre_prior",
        "oracle_centre_prior",
    ]
    assert evaluation.baselines["constant"]["micro_auc"].value == 0.5
    assert evaluation.curves["roc"].x[-1] == 1
    assert evaluation.protocol["causal"] is True
    assert evaluation.protocol["warnings"] == []
    assert "200 resamples" in evaluation.protocol["bootstrap"]
    assert evaluation.classes == {}
    evaluation.write(tmp_path / "metrics.json")
    assert Evaluation.read(tmp_path) == evaluation


def test_same_seed_same_numbers(small):
    manifest, scores = small
    first = evaluate_scores(scores, manifest, resamples=50, seed=1)
    assert evaluate_scores(scores, manifest, resamples=50, seed=1) == first
    assert evaluate_scores(scores, manifest, resamples=50, seed=2).metrics != first.metrics


def test_scores_of_other_splits_are_ignored(small, make_video):
    manifest, scores = small
    extra = make_video("train1", np.zeros(9), split="train")
    wider = replace(manifest, videos=(*manifest.videos, extra))
    more = Scores({**scores.values, "train1": np.zeros(9)}, scores.meta)
    assert evaluate_scores(more, wider, resamples=0).metrics == (
        evaluate_scores(scores, manifest, resamples=0).metrics
    )


def test_foreign_scores_without_a_threshold(small):
    manifest, scores = small
    evaluation = evaluate_scores(Scores(scores.values), manifest, resamples=20)
    assert not any(name.startswith("event") for name in evaluation.metrics)
    assert evaluation.protocol["threshold"] is None
    assert "no threshold" in evaluation.protocol["threshold_metrics"]
    assert evaluation.protocol["detector"] == "not stated"


@pytest.mark.parametrize(
    ("normalisation", "warned"),
    [("per-video", True), ("per_video min-max", True), ("none", False), ("normal videos", False)],
)
def test_per_video_normalisation_is_marked(small, normalisation, warned):
    manifest, scores = small
    marked = Scores(scores.values, {"normalisation": normalisation})
    evaluation = evaluate_scores(marked, manifest, resamples=0)
    assert (evaluation.protocol["warnings"] == [PER_VIDEO_WARNING]) is warned


@pytest.mark.parametrize(
    ("labels", "undefined"),
    [
        ([[0] * 9, [0] * 4], {"micro_auc", "average_precision", "macro_auc", "event_f1_0.5"}),
        ([[1] * 9, [1] * 4], {"micro_auc", "macro_auc", "equal_error_rate", "far_normal_frames"}),
        ([[1] * 9, [0] * 4], {"macro_auc", "anomalous_auc", "anomalous_ap"}),
        ([[0, 1, 1, 0]], {"far_normal_videos"}),
        ([[1]], {"micro_auc", "false_alarms_per_hour_at_recall_0.5"}),
        ([[0]], {"micro_auc", "detection_delay_seconds", "event_recall_0.1"}),
    ],
)
@pytest.mark.parametrize("threshold", [-1.0, 0.5, 99.0])
def test_undefined_numbers_never_crash(make_video, tmp_path, labels, undefined, threshold):
    videos = [make_video(f"v{i}", np.array(part)) for i, part in enumerate(labels)]
    values = {video.id: np.linspace(0, 1, video.frames) for video in videos}
    maps = {video.id: np.random.default_rng(0).random((video.frames, 4, 6)) for video in videos}
    scores = Scores(values, {"threshold": threshold})
    manifest = Manifest("odd", tuple(videos))
    evaluation = evaluate_scores(scores, manifest, maps=maps, resamples=20)
    assert "map and pixel truth" in evaluation.protocol["localisation"]  # and none has any
    evaluation.write(tmp_path / "metrics.json")
    for name in undefined:
        assert evaluation.metrics[name].value is None, name
    for number in evaluation.metrics.values():
        assert (number.value is None) <= bool(number.note)
        for part in (number.value, number.low, number.high):
            assert part is None or np.isfinite(part)
    if len(videos) == 1:
        for number in evaluation.metrics.values():
            assert number.low is None or number.note.startswith("exact bounds of")
        assert "take two videos of a kind" in evaluation_table(evaluation)


def test_classes_are_measured_apart(make_video):
    names = ("bike", "run")
    videos = [make_video("n", np.zeros(40))]
    values = {"n": np.linspace(0, 1, 40)}
    for name in names:
        video = make_video(name, np.repeat([0, 1], 10))
        videos.append(replace(video, classes=(name,)))
        values[name] = np.repeat([0.1, 5 if name == "bike" else -5], 10)
    evaluation = evaluate_scores(Scores(values), Manifest("two", tuple(videos)), resamples=10)
    assert evaluation.classes["bike"]["auc"].value == 1
    assert evaluation.classes["run"]["auc"].value == 0
    assert evaluation.classes["run"]["auc_within"].value == 0
    assert evaluation.classes["bike"]["average_precision"].value == pytest.approx(1)


def test_bad_input_is_one_clear_line(small, make_video):
    manifest, scores = small
    unlabelled = make_video("u", np.zeros(5), label=None)
    with pytest.raises(OddframeError, match=r"'u'.*no label.*take it out"):
        evaluate_scores(scores, replace(manifest, videos=(*manifest.videos, unlabelled)))
    unlocated = make_video("w", np.zeros(5), label="anomalous")
    with pytest.raises(OddframeError, match=r"'w'.*no events.*add its events"):
        evaluate_scores(scores, replace(manifest, videos=(*manifest.videos, unlocated)))
    with pytest.raises(OddframeError, match=r"no videos in split 'val'; it has 'test'"):
        evaluate_scores(scores, manifest, split="val")
    with pytest.raises(OddframeError, match=r"expected 60 values"):
        evaluate_scores(Scores({**scores.values, "v0": np.zeros(59)}), manifest)
    with pytest.raises(OddframeError, match="unknown videos 'x'"):
        evaluate_scores(Scores({**scores.values, "x": np.zeros(59)}), manifest)
    with pytest.raises(OddframeError, match="finite number as 'threshold"):
        evaluate_scores(Scores(scores.values, {"threshold": "high"}), manifest)


def test_bad_maps_are_one_clear_line(small):
    manifest, scores = small
    with pytest.raises(OddframeError, match=r"'x'.*no such video"):
        evaluate_scores(scores, manifest, maps={"x": np.zeros((1, 2, 2))})
    with pytest.raises(OddframeError, match=r"'v0'.*expected 60 maps.*\(59, 2, 2\)"):
        evaluate_scores(scores, manifest, maps={"v0": np.zeros((59, 2, 2))})
    with pytest.raises(OddframeError, match=r"'v0'.*NaN"):
        evaluate_scores(scores, manifest, maps={"v0": np.full((60, 2, 2), np.nan)})


def test_tracks_and_masks_are_used_where_they_are(small, tmp_path):
    manifest, scores = small
    box = [20, 2, 1, 6, 5]
    rows = [{"id": 1, "name": "bike", "boxes": [[20 + i, *box[1:]] for i in range(15)]}]
    (tmp_path / "tracks.json").write_text(json.dumps({"tracks": rows}))
    mask = np.zeros((60, 8, 12), dtype=bool)
    mask[20:35, 1:5, 2:6] = True
    np.save(tmp_path / "mask.npy", mask)
    first, second, third, *normal = manifest.videos
    videos = (
        replace(first, tracks="tracks.json"),
        replace(second, mask="mask.npy"),
        third,
        *normal,
    )
    maps = {video.id: np.zeros((video.frames, 8, 12), dtype=np.float32) for video in videos}
    maps[first.id][20:35, 1:5, 2:6] = 1
    maps[second.id][20:35, 1:5, 2:4] = 1  # half of each region
    evaluation = evaluate_scores(
        scores, replace(manifest, videos=videos, root=tmp_path), maps=maps, resamples=20
    )
    # 4 of 6 videos with pixels: one mask, three normal ones; half of the pixels tie with 0.
    assert evaluation.metrics["pixel_auc"].value == pytest.approx(0.75)
    assert evaluation.metrics["rbdc"].value == pytest.approx(1)
    assert evaluation.metrics["tbdc"].value == pytest.approx(1)
    note = evaluation.protocol["localisation"]
    assert "pixels over 4 of 6 videos" in note
    assert "30 regions in 2 tracks" in note
    assert "annotated tracks in 1 video" in note
    videos = (first, replace(second, path="", mask="mask.npy", width=0, height=0), third, *normal)
    with pytest.raises(OddframeError, match="'v1': the manifest says no size"):
        evaluate_scores(scores, replace(manifest, videos=videos, root=tmp_path), maps=maps)


def test_ped2_counts_and_trivial_baselines(ped2):
    scores = dict(trivial_baselines(ped2.videos, seed=0))["centre_prior"]
    evaluation = evaluate_scores(scores, ped2, resamples=100)
    assert (evaluation.videos, evaluation.anomalous_videos) == (12, 12)
    assert (evaluation.frames, evaluation.anomalous_frames) == (2010, 1648)
    assert evaluation.normal_hours == pytest.approx((2010 - 1648) / 10 / 3600)  # at 10 per second
    said = evaluation_table(evaluation)
    assert said.splitlines()[0].endswith("1,648 of them anomalous; 36 s of normal footage")
    assert "False alarms per hour at recall 0.5, in 36 s  " in said
    # Measured before this code was written, by others: 66.2, and 68.5 for a constant score.
    assert evaluation.metrics["micro_auc"].value == pytest.approx(0.662, abs=0.002)
    constant = evaluation.baselines["constant"]
    assert constant["macro_auc_padded"].value == pytest.approx(0.685, abs=0.0005)
    assert constant["macro_auc"].value == 0.5
    assert evaluation.baselines["video_oracle"]["micro_auc"].value == 0.5
    # Four clips are anomalous throughout and have no AUC of their own.
    mixed = [v for v in ped2 if not v.frame_labels().all()]
    expected = [roc_auc_score(v.frame_labels(), scores[v.id]) for v in mixed]
    assert len(mixed) == 8
    assert evaluation.metrics["macro_auc"].value == pytest.approx(np.mean(expected))


def test_ped2_masks_as_score_maps(ped2):
    """The truth itself, at a quarter of its size, must localise nearly perfectly."""
    import cv2

    videos = ped2.videos[2:4]
    maps = {}
    for video in videos:
        mask = read_mask(video, ped2.root).astype(np.float32)
        maps[video.id] = np.stack(
            [cv2.resize(one, (90, 60), interpolation=cv2.INTER_AREA) for one in mask]
        )
    manifest = replace(ped2, videos=videos)
    scores = Scores({key: part.max(axis=(1, 2)) for key, part in maps.items()})
    metrics = evaluate_scores(scores, manifest, maps=maps, resamples=20).metrics
    assert metrics["pixel_auc"].value > 0.999
    assert metrics["rbdc"].value > 0.9
    assert metrics["tbdc"].value == pytest.approx(1, abs=0.02)


def test_first_frames_are_left_out_on_request_and_it_is_said(small):
    manifest, scores = small
    found = evaluate_scores(scores, manifest, skip_first=22, oracle=scores, resamples=0)
    labels = np.concatenate([video.frame_labels()[22:] for video in manifest])
    flat = np.concatenate([scores[video.id][22:] for video in manifest])
    assert (found.frames, found.anomalous_frames) == (330 - 6 * 22, labels.sum())
    assert found.metrics["micro_auc"].value == pytest.approx(roc_auc_score(labels, flat))
    assert found.oracle["micro_auc"] == found.metrics["micro_auc"]
    assert found.metrics["frame_recall"].value == pytest.approx((flat[labels] > 1).mean())
    assert found.protocol["skip_first"] == 22
    assert "from frame 22 on" in found.protocol["frames"]
    assert "first 22 frames of each video are left out" in found.protocol["warnings"][0]
    assert "first 22 frames" in evaluation_table(found)
    whole = evaluate_scores(scores, manifest, resamples=0)
    assert whole.metrics == evaluate_scores(scores, manifest, skip_first=0, resamples=0).metrics
    assert whole.hashes == found.hashes  # of the scores that were given


def test_events_are_counted_at_peaks_on_request_as_papers_print_them(make_video):
    """Two events found of three, one in each of two videos, and one false alarm."""
    videos, scores = [], {}
    for name, peak in (("a", 320), ("b", 30), ("c", 200)):
        labels = np.repeat([0, 1, 0], [300, 40, 60]) if name != "c" else np.zeros(400)
        videos.append(make_video(name, labels))
        scores[name] = np.zeros(400)
        scores[name][peak] = 1.0
    scores["b"][350] = 0.6  # within 50 frames of the event, which it finds
    scores["c"][200] = 0.4
    manifest, given = Manifest("few", tuple(videos)), Scores(scores)
    found = evaluate_scores(given, manifest, persistence=0.5, resamples=200)
    at_peaks, false = (found.metrics[f"{name}_at_peaks"] for name in ("events", "false_alarms"))
    assert (at_peaks.value, false.value) == (1.0, 1.0)
    assert at_peaks.note == "exact bounds of 2 of 2"
    assert "more than 0.5: 2 of 2 events and 1 false alarm (" in evaluation_table(found)
    lower = evaluate_scores(given, manifest, persistence=0.3, resamples=0)
    assert lower.metrics["false_alarms_at_peaks"].value == 2
    higher = evaluate_scores(given, manifest, persistence=0.7, resamples=0)
    assert higher.metrics["events_at_peaks"].value == 0.5
    assert "peaks" not in evaluate_scores(given, manifest, resamples=0).protocol


def test_what_is_left_out_counts_for_no_alarm_event_or_footage(small, make_video):
    manifest, scores = small
    found = evaluate_scores(scores, manifest, skip_first=22, resamples=30)
    videos = [make_video(v.id, v.frame_labels()[22:], label=v.label) for v in manifest]
    later = Scores({v.id: scores[v.id][22:] for v in videos}, dict(scores.meta))
    alone = evaluate_scores(later, replace(manifest, videos=tuple(videos)), resamples=30)
    assert {"events_alarmed", "false_alarms_per_hour", "detection_delay_seconds"} <= set(
        found.metrics
    )
    assert found.metrics == alone.metrics
    assert found.baselines.keys() == alone.baselines.keys()
    normal = sum((~v.frame_labels()[22:]).sum() / v.fps for v in manifest)
    assert found.normal_hours == pytest.approx(normal / 3600)


def test_events_that_end_before_the_frames_that_count(make_video):
    labels = np.repeat([1, 0, 1, 0], [3, 10, 4, 10])
    video = make_video("a", labels)
    (cut,) = without_first([video], 4)
    np.testing.assert_array_equal(cut.frame_labels(), video.frame_labels()[4:])
    (cut,) = without_first([video], 14)
    np.testing.assert_array_equal(cut.frame_labels(), video.frame_labels()[14:])
    scores = Scores({"a": np.arange(27.0)})
    gone = evaluate_scores(scores, Manifest("a", (video,)), skip_first=20, resamples=0)
    assert gone.metrics["micro_auc"].value is None
    for frames, found in [(27, "video 'a' has only 27 frames"), (-1, "found -1")]:
        with pytest.raises(OddframeError, match=found):
            evaluate_scores(scores, Manifest("a", (video,)), skip_first=frames, resamples=0)


def test_scores_that_only_float64_tells_apart_are_ranked_as_given(small):
    manifest, scores = small
    ranks = np.unique(np.concatenate(list(scores.values.values())), return_inverse=True)[1]
    parts = np.split(ranks, np.cumsum([video.frames for video in manifest])[:-1])
    spread = {v.id: part.astype(np.float32) for v, part in zip(manifest, parts, strict=True)}
    plain = evaluate_scores(Scores(spread), manifest, resamples=50)
    # A probability near 1, and one tick in a time stamp: float32 holds one value of each.
    for squeezed in (lambda part: 1 - 1e-9 / (1 + part), lambda part: 1e9 + part / 64):
        given = Scores({key: squeezed(part.astype(float)) for key, part in spread.items()})
        assert len({np.float32(value) for part in given.values.values() for value in part}) < 10
        found = evaluate_scores(given, manifest, resamples=50)
        assert found.metrics == plain.metrics
        assert found.curves == plain.curves
        for rule in ("g_mean", "f1"):
            ours, theirs = (e.decisions[f"oracle_{rule}"] for e in (found, plain))
            assert ours.metrics == theirs.metrics


def test_float64_score_maps_are_measured_as_given(small):
    manifest = small[0]
    generator = np.random.default_rng(1)
    maps = {v.id: generator.integers(0, 50, (v.frames, 4, 6)).astype(float) for v in manifest}
    masks = {
        v.id: np.broadcast_to(v.frame_labels()[:, None, None], (v.frames, 4, 6)) for v in manifest
    }
    # In float32 these are one value.
    squeezed = {key: 1e9 + part / 64 for key, part in maps.items()}
    found = []
    for given in (maps, squeezed):
        counts = PixelCounts(sample_edges(given, masks.get, dict.fromkeys(given, (6, 4))), 1)
        for key, part in given.items():
            counts.add(part, masks[key], (6, 4), np.ones(1, np.uint8))
        found.append(counts.auc()[0])
    labels, values = (np.concatenate([a[k].ravel() for k in maps]) for a in (masks, maps))
    assert found == pytest.approx([roc_auc_score(labels, values)] * 2, abs=1e-14)


def test_a_ranking_far_worse_than_chance_is_hinted_at(small):
    manifest, scores = small
    turned = Scores({key: -scores[key] for key in scores})
    assert "low means odd, evaluate their negative" in evaluation_table(
        evaluate_scores(turned, manifest, resamples=100)
    )
    for honest in (scores, Scores({v.id: np.zeros(v.frames) for v in manifest})):
        shown = evaluation_table(evaluate_scores(honest, manifest, resamples=100))
        assert "negative" not in shown
