"""The verb score: scores, events, maps and reasons that fit together, and what cannot be scored."""

import json
import shutil
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest

from oddframe.cli import main
from oddframe.cli.results import describe
from oddframe.detectors.stepping import scores_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import sha256_of
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.runs.training_record import training_note
from oddframe.scores.detections import EventRule, find_detections
from oddframe.scores.events_file import read_events, read_told
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.prepare import prepare
from oddframe.verbs.score import score
from oddframe.videos.video import Event


@pytest.fixture(scope="module")
def fast(street, tmp_path_factory):
    out = tmp_path_factory.mktemp("fast") / "scores.npz"
    return score(street.run, street.root / "fast.mp4", out=out)


def test_the_parts_fit_together(street, fast):
    folder = fast.path.parent
    assert fast.scores.values.keys() == {"fast"}
    np.testing.assert_array_equal(Scores.read(fast.path)["fast"], fast.scores["fast"])
    assert Scores.read(fast.path).meta == fast.scores.meta
    assert read_events(folder / "events.json") == fast.detections
    maps = np.load(folder / "maps" / "fast.npy")
    assert maps.shape[0] == fast.manifest["fast"].frames == len(fast.scores["fast"]) == 100
    assert np.isfinite(maps).all()
    assert not fast.failed
    assert fast.report is None


def test_events_are_where_the_scores_pass_the_threshold(street, fast):
    limit = read_run(street.run).detector.threshold
    found = find_detections(
        fast.scores["fast"], EventRule(limit), Clock(len(fast.scores["fast"]), street.fps)
    )
    assert [(d.start, d.end, d.peak) for d in fast.detections["fast"]] == [
        (d.start, d.end, d.peak) for d in found
    ]
    start, end = street.event
    event = max(fast.detections["fast"], key=lambda d: d.peak_score)
    assert start <= event.peak < end + 6
    assert event.start < start + 8
    assert event.end > end - 8
    assert event.reason
    assert event.cue
    assert all(0 <= box[0] < box[2] <= 128 and 0 <= box[1] < box[3] <= 80 for box in event.boxes)


def test_a_cut_is_told(street, tmp_path, capsys):
    """Two normal pieces, the second seen in a mirror: another scene."""
    mirrored = [np.ascontiguousarray(image[:, ::-1]) for image in street.images(4, 91)]
    film = street.film(tmp_path / "joined.mp4", [*street.images(4, 90), *mirrored])
    out = tmp_path / "out" / "scores.npz"
    given = ["score", str(street.run), str(film), "--out", str(out), "--causal", "--report"]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "joined: cut at 0:04.0\n" in said
    told = read_told(out.parent / "events.json")
    assert {name: one.cuts for name, one in told.items()} == {"joined": (50,)}
    assert "cut at 0:04.0" in (out.parent / "report" / "report.html").read_text()


def test_causal_scores_are_the_detectors_and_offline_ones_their_gaussian(street, tmp_path):
    calm = street.root / "calm.mp4"
    causal = score(street.run, calm, out=tmp_path / "c" / "scores.npz", causal=True)
    offline = score(street.run, calm, out=tmp_path / "o" / "scores.npz")
    detector = read_run(street.run).detector
    with open_video(calm) as video:
        frames = list(scores_of(detector, video))
    assert not any(frame.began for frame in frames)  # else they are raised before
    raw = np.array([frame.value for frame in frames])
    np.testing.assert_allclose(causal.scores["calm"], raw, rtol=1e-6)
    # A Gaussian of 0.2 seconds by hand; beyond the ends the last score goes on.
    sigma = 0.2 * street.fps
    reach = np.arange(-10, 11)
    weights = np.exp(-(reach**2) / (2 * sigma**2))
    smooth = np.convolve(np.pad(raw, 10, mode="edge"), weights / weights.sum(), mode="valid")
    np.testing.assert_allclose(offline.scores["calm"], smooth, atol=1e-3)
    assert causal.scores.meta["causal"] is True
    assert causal.scores.meta["smoothing_seconds"] == 0
    assert offline.scores.meta["smoothing_seconds"] == 0.2


def test_the_scores_say_how_they_were_made(street, fast):
    meta = fast.scores.meta
    run = read_run(street.run)
    assert meta["detector"] == "fixed-camera"
    assert meta["run"] == str(street.run)
    assert meta["run_sha256"] == sha256_of(street.run / "checkpoint.pt")
    assert meta["threshold"] == run.detector.threshold
    assert meta["threshold_source"] == run.detector.notes["threshold"]
    assert meta["normalisation"].startswith("none")


def test_another_threshold_changes_the_events_and_says_so(street, fast, tmp_path):
    found = score(
        street.run, street.root / "fast.mp4", out=tmp_path / "s.npz", threshold=1e6, maps=False
    )
    assert found.detections == {"fast": []}
    assert found.scores.meta["threshold_source"] == "given by hand"
    np.testing.assert_array_equal(found.scores["fast"], fast.scores["fast"])
    assert not list(tmp_path.rglob("*.npy"))


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_a_threshold_that_is_no_number(street, tmp_path, threshold):
    with pytest.raises(OddframeError, match="finite number"):
        score(street.run, street.root / "fast.mp4", out=tmp_path / "s.npz", threshold=threshold)


def test_a_folder_with_all_kinds_of_videos(street, tmp_path):
    footage = tmp_path / "footage"
    (footage / "day 1").mkdir(parents=True)
    shutil.copy(street.root / "calm.mp4", footage / "day 1" / "calm.mp4")
    images = street.images(1, 80)
    street.film(footage / "one.mp4", images[:1])
    with VideoWriter(footage / "wide.mp4", 12.5, (160, 64)) as writer:
        for image in images:
            writer.write(cv2.resize(image, (160, 64)))
    (footage / "text.mp4").write_text("this is text\n" * 50)
    avi = tmp_path / "whole.avi"
    write_mjpeg(avi, images * 4)
    (footage / "half.avi").write_bytes(avi.read_bytes()[: avi.stat().st_size // 2])
    (footage / "grey").mkdir()
    for index, image in enumerate(images):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        cv2.imwrite(str(footage / "grey" / f"{index}.png"), grey)
    with pytest.warns(OddframeWarning) as caught:
        found = score(street.run, footage, out=tmp_path / "scores.npz", report=True)
    lengths = {name: len(values) for name, values in found.scores.values.items()}
    half = lengths.pop("half")
    assert lengths == {"day 1/calm": 100, "grey": 12, "wide": 12}
    assert 10 < half < 40
    messages = [str(warning.message) for warning in caught]
    told = (
        "text.mp4: cannot be read",
        "half.avi: the header promises",
        "wide.mp4: 160x64 pixels",
        "(one.mp4)",
    )
    for part in told:
        assert any(part in message for message in messages)
    assert found.report is not None
    assert "day 1/calm" in found.report.read_text()
    assert np.load(tmp_path / "maps" / "day 1" / "calm.npy").shape[0] == 100


def write_mjpeg(path, images):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (128, 80))
    for image in images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()


def test_a_video_that_lost_frames_since_its_manifest_is_scored_as_it_is(street, tmp_path):
    (tmp_path / "data").mkdir()
    write_mjpeg(tmp_path / "data" / "a.avi", street.images(4, 81))
    manifest = tmp_path / "m.jsonl"
    prepare("folder", tmp_path / "data", manifest, val_share=0)
    content = (tmp_path / "data" / "a.avi").read_bytes()
    (tmp_path / "data" / "a.avi").write_bytes(content[: len(content) // 2])
    with pytest.warns(OddframeWarning, match="the header promises 50 frames"):
        found = score(street.run, manifest, out=tmp_path / "scores.npz")
    frames = len(found.scores["a"])
    assert 10 < frames < 40
    assert found.manifest["a"].frames == frames


def test_a_manifest_of_other_numbers_than_its_videos_is_told(street, tmp_path):
    """Of more frames than decode it says so; of pictures of another size, nothing is scored."""
    (tmp_path / "data").mkdir()
    street.film(tmp_path / "data" / "a.mp4", street.images(2, 81))
    made = prepare("folder", tmp_path / "data", tmp_path / "m.jsonl", val_share=0)
    (video,) = made
    longer = replace(
        video, frames=video.frames + 5, label=None, events=(Event(3, video.frames + 2),)
    )
    replace(made, videos=(longer,)).write(tmp_path / "longer.jsonl")
    expected = f"{video.frames} frames decode where the manifest has {video.frames + 5}, so its"
    with pytest.warns(OddframeWarning, match=expected):
        score(street.run, tmp_path / "longer.jsonl", out=tmp_path / "longer" / "scores.npz")
    larger = replace(video, width=2 * video.width)
    replace(made, videos=(larger,)).write(tmp_path / "larger.jsonl")
    with pytest.raises(OddframeError, match=r"a\.mp4: expected pictures of 256x80, as the manif"):
        score(street.run, tmp_path / "larger.jsonl", out=tmp_path / "larger" / "scores.npz")


def test_one_bad_video_of_a_manifest_does_not_stop_the_others(street, tmp_path):
    for name in ("a", "b"):
        street.film(tmp_path / "data" / f"{name}.mp4", street.images(1, 82))
    manifest = tmp_path / "m.jsonl"
    prepare("folder", tmp_path / "data", manifest, val_share=0)
    (tmp_path / "data" / "a.mp4").write_text("text")
    with pytest.warns(OddframeWarning, match="a: left out"):
        found = score(street.run, manifest, out=tmp_path / "scores.npz")
    assert list(found.scores) == ["b"]
    assert "cannot be read as a video" in found.failed["a"]
    assert not (tmp_path / "maps" / "a.npy").exists()
    (tmp_path / "data" / "b.mp4").unlink()
    with (
        pytest.warns(OddframeWarning, match="left out"),
        pytest.raises(OddframeError, match="none of 2 videos could be scored"),
    ):
        score(street.run, manifest, out=tmp_path / "other.npz")


def test_a_video_of_a_folder_that_cannot_be_read_is_named_at_the_end(street, tmp_path):
    street.film(tmp_path / "films" / "a.mp4", street.images(1, 82))
    (tmp_path / "films" / "bad.mp4").write_text("text")
    with pytest.warns(OddframeWarning, match="left out"):
        found = score(street.run, tmp_path / "films", out=tmp_path / "scores.npz")
    assert list(found.scores) == ["a"]
    assert f"not scored: bad: {tmp_path / 'films' / 'bad.mp4'}: " in describe(found)


def test_annotated_copies(street, tmp_path):
    film = street.film(tmp_path / "large.mp4", street.images(4, 83, street.large))
    out = tmp_path / "scores.npz"
    score(street.run, film, out=out, annotate=True)
    with open_video(tmp_path / "annotated" / "large.mp4") as video:
        assert sum(1 for _ in video) == 50
    # They show the events of then, so they go with them, which is said.
    with pytest.warns(OddframeWarning, match="is removed; give --annotate as well"):
        score(street.run, film, out=out, threshold=0.5)
    assert not (tmp_path / "annotated").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # there is nothing to remove
        score(street.run, film, out=out, threshold=0.6)


def test_clips_of_the_odd_moments(street, tmp_path, capsys):
    """Each begins five seconds before its event and ends five after it, as far as there is film."""
    out = tmp_path / "scores.npz"
    images = [*street.images(8, 53, street.fast), *street.images(12, 54)]
    film = street.film(tmp_path / "film.mp4", images)
    words = ["score", str(street.run), str(film), "--out", str(out), "--clips", "--json"]
    assert main(words) == 0
    told = capsys.readouterr()
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert f"clips: {tmp_path / 'clips'}\n" in f"{told.err}\n"
    assert rows
    with open_video(film) as video:
        filmed = [frame.grey().astype(float) for frame in video]
    for row in rows:
        clip = tmp_path / "clips" / "film" / f"{row['start']:06}-{row['end']:06}.mp4"
        assert row["clip"] == str(clip)
        with open_video(clip) as video:
            first, *rest = (frame.grey().astype(float) for frame in video)
        away = [np.abs(first - image).mean() for image in filmed]
        begin = int(np.argmin(away))
        assert begin == max(0, row["start"] - 62)  # 5 s at 12.5 frames a second
        end = begin + 1 + len(rest)
        assert abs(end - min(len(filmed), row["end"] + 62)) <= 1
    # The same command has nothing to do, and another threshold removes what is not of it.
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "clips").rglob("*.mp4")}
    assert main(words) == 0
    assert written == {path: path.stat().st_mtime_ns for path in written}
    with pytest.warns(OddframeWarning, match="is removed; give --clips as well"):
        found = score(street.run, film, out=out, threshold=1e6)
    assert not (tmp_path / "clips").exists()
    assert not found.clips


def test_the_split_of_a_manifest(street, tmp_path):
    manifest = street.run / "manifest.jsonl"
    with pytest.raises(OddframeError, match="no videos in the split 'test'"):
        score(street.run, manifest, split="test", out=tmp_path / "s.npz")
    found = score(street.run, manifest, split="val", out=tmp_path / "s.npz", maps=False)
    assert len(found.scores) == 1
    assert found.scores.meta["manifest_sha256"] == sha256_of(manifest)


def test_the_training_note_tells_what_was_learnt(street):
    note = training_note(read_run(street.run))
    assert "fitted on 2 normal videos (0.53 minutes), 1 more held out (0.27 minutes)" in note
    assert "trust appearance" in note
    assert "threshold" in note


def test_the_note_does_not_promise_for_a_threshold_that_was_given_by_hand(street):
    note = training_note(read_run(street.run), 2.5)
    assert note.endswith("; threshold 2.5, given by hand.")
    assert "held-out normal footage" not in note
