"""Only a part of a video is judged: as if it were all of it, with the frames of the whole."""

import json
import shutil

import cv2
import numpy as np
import pytest

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.clock import Clock
from oddframe.scores.events_file import read_told
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.untested import untested_spans

FIRST, LAST = 25, 88
"""Frames from 0:02 to 0:07, 12.5 a second: the last begins at 6.96."""


@pytest.fixture(scope="module")
def film(street, tmp_path_factory):
    """A folder of pictures that lose nothing, in which something fast is in frames 37 to 74."""
    folder = tmp_path_factory.mktemp("whole") / "film"
    write(folder, street.images(8, 51, street.fast))
    return folder


def write(folder, images):
    folder.mkdir(parents=True)
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index:04}.png"), np.ascontiguousarray(image[:, :, ::-1]))


@pytest.fixture(scope="module")
def manifest(film, tmp_path_factory):
    """Pictures have no rate of their own, and a manifest says it."""
    return listed(film.parent, tmp_path_factory.mktemp("manifest") / "film.jsonl")


def listed(folder, file):
    oddframe.prepare("folder", folder, file, fps=12.5)
    return file


def test_a_part_is_scored_as_a_video_of_its_own(street, film, manifest, tmp_path):
    alone = tmp_path / "alone"
    write(alone / "film", street.images(8, 51, street.fast)[FIRST:LAST])
    cut = listed(alone, tmp_path / "alone.jsonl")
    own = oddframe.score(street.run, cut, out=tmp_path / "own" / "scores.npz")
    out = tmp_path / "part" / "scores.npz"
    part = oddframe.score(street.run, manifest, out=out, start="0:02", end=7)
    (name,) = part.scores
    values = part.scores[name]
    assert len(values) == 100
    np.testing.assert_array_equal(values[FIRST:LAST], own.scores[name])
    assert untested_spans(part.scores.meta)[name] == [(0, FIRST), (LAST, 100)]
    # What was not judged is neither odd nor does it change what is usual.
    assert np.median(values) == np.median(own.scores[name])
    assert part.odd == own.odd > 0
    for here, there in zip(part.detections[name], own.detections[name], strict=True):
        assert (here.start, here.end, here.peak) == tuple(
            FIRST + at for at in (there.start, there.end, there.peak)
        )
        assert (here.reason, here.boxes, here.cue) == (there.reason, there.boxes, there.cue)
    assert part.rows()[0]["start_seconds"] == own.rows()[0]["start_seconds"] + FIRST / 12.5
    of_part, of_own = (np.load(p.path.parent / "maps" / f"{name}.npy") for p in (part, own))
    np.testing.assert_array_equal(of_part[FIRST:LAST], of_own)
    assert not of_part[:FIRST].any()
    assert not of_part[LAST:].any()
    assert len(of_part) == 100


def test_parts_have_results_of_their_own_and_say_what_they_are(street_run, film, capsys):
    run, words = street_run, ["score", str(street_run), str(film.parent / "film")]
    assert main([*words, "--start", "1:5"]) == 2
    assert "ends at 0:04.0, before --start 1:05.0" in capsys.readouterr().err
    assert main([*words, "--end", "0:02.5", "--json"]) == 0
    told = capsys.readouterr().err
    assert "only 0:00.0 to 0:02.5 of each video was judged, as if it began and ended there" in told
    scores = run / "scores" / "film-to-2.5s" / "scores.npz"
    assert f"scores: {scores}" in told
    content = json.loads((scores.parent / "events.json").read_text())
    assert content["part"] == {"start": 0.0, "end": 2.5}
    assert read_told(scores.parent / "events.json").keys() == {"film"}
    assert main(["info", str(scores)]) == 0
    assert "only 0:00.0 to 0:02.5 of each video" in capsys.readouterr().out
    # The same command takes them again; another part is another scoring.
    before = scores.stat().st_mtime_ns
    assert main([*words, "--end", "2.5", "--quiet"]) == 0
    assert scores.stat().st_mtime_ns == before
    assert main([*words, "--end", "2", "--out", str(scores), "--quiet"]) == 0
    assert oddframe.Scores.read(scores).meta["part"] == {"start": 0.0, "end": 2.0}


def test_the_truth_of_whole_videos_is_not_held_against_a_part(street, manifest, tmp_path):
    out = tmp_path / "scores.npz"
    oddframe.score(street.run, manifest, out=out, start=1, maps=False, split="train")
    with pytest.raises(OddframeError, match=r"only 0:01\.0 to the end of each video was judged"):
        oddframe.evaluate(out, manifest, tmp_path / "evaluation", split="train")


def test_a_video_without_the_part_is_left_out_and_named(street, film, tmp_path):
    folder = tmp_path / "films"
    for name, images in (("long", range(100)), ("short", range(20))):
        (folder / name).mkdir(parents=True)
        for index in images:
            shutil.copy(film / f"{index:04}.png", folder / name)
    with pytest.warns(OddframeWarning, match=r"short: ends at 0:00\.8, before --start 0:01\.0"):
        found = oddframe.score(street.run, folder, out=tmp_path / "o" / "scores.npz", start=1)
    assert list(found.scores) == ["long"]
    assert found.failed.keys() == {"short"}


def test_the_page_and_the_table_are_of_what_was_judged(street, film, tmp_path):
    pytest.importorskip("pandas")
    out = tmp_path / "scores.npz"
    found = oddframe.score(street.run, film, out=out, start=1, end=3, report=True, threshold=1e6)
    page = (tmp_path / "report" / "report.html").read_text().lower()
    assert "nothing odd in 1 video (2.0 s)" in page
    assert "only 0:01.0 to 0:03.0 of each video was judged" in page
    assert found.to_dataframe()["frame"].tolist() == list(range(25, 75))


def test_terms_and_simple_rules_get_room_as_well(every_detector, footage, tmp_path):
    """Of a detector that adds terms, and of one that is never trained and looks at all first."""
    for name, beside in (("mnad", "terms"), ("giorno", "baselines")):
        run, path = every_detector(name).run.folder, tmp_path / name / "scores.npz"
        found = oddframe.score(run, footage.manifest, out=path, start=1, end=4)
        for video in found.manifest:
            judged = slice(*JudgedPart(1, 4).frames(video.clock))
            arrays = np.load(tmp_path / name / beside / f"{video.id}.npz")
            assert arrays.files
            for part in arrays.values():
                assert len(part) == video.frames > judged.stop
                outside = np.delete(part, judged)
                assert (outside == np.float32(np.median(part[judged]))).all()


def test_features_are_of_whole_videos(tmp_path, every_detector, footage):
    run = every_detector("sultani").run.folder
    with pytest.raises(OddframeError, match="reads features of whole videos; leave out --start"):
        oddframe.score(
            run, footage.labels, features=footage.features, out=tmp_path / "s.npz", start=1
        )


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("a minute", None, "--start: expected a time from the beginning of the video"),
        (None, -1, "--end: expected a time from the beginning of the video"),
        ("nan", None, "--start: expected a time"),
        ("1:00", "0:59", r"--end: expected a time after --start, 1:00\.0, found 0:59\.0"),
        (3, 3, "--end: expected a time after"),
    ],
)
def test_what_is_no_time_is_one_line(start, end, said):
    with pytest.raises(OddframeError, match=said):
        JudgedPart.given(start, end)


def test_frames_are_those_that_are_shown_in_the_part():
    regular = Clock(100, 10.0)
    assert JudgedPart(1.0, 2.0).frames(regular) == (10, 20)
    assert JudgedPart(1.05, 2.05).frames(regular) == (10, 21)
    assert JudgedPart(0.0, 10.0).frames(regular) == (0, None)
    thirds = Clock(100, 30.0)
    assert all(
        JudgedPart(at / 30, (at + 1) / 30).frames(thirds) == (at, at + 1) for at in range(99)
    )
    # An hour is missing before frame 50.
    clock = Clock(100, 10.0, ((0, 0.0), (49, 4.9), (50, 3600.0), (99, 3604.9)))
    assert JudgedPart(10.0, None).frames(clock) == (50, None)
    assert JudgedPart(4.0, 100.0).frames(clock) == (40, 50)
    assert JudgedPart(4.0, 3601.0).frames(clock) == (40, 60)
    assert JudgedPart(4.0, 3601.0).length(clock) == pytest.approx(2.0)
