"""Cards say what things are, by numbers that are known otherwise."""

import json

import numpy as np
import pytest

import oddframe
from oddframe.cli import main
from oddframe.drills.result import Drill
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores


def said_of(capsys, *words) -> str:
    assert main(["info", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_a_run_says_what_it_was_fitted_on_and_that_it_was_not_drilled(street):
    card = oddframe.info(street.run)
    config = read_run(street.run).config
    videos = config["fitted_on"]["videos"]
    assert card.kind == "run"
    assert card.facts["detector"] == "fixed-camera"
    assert card.facts["fitted on"][0].startswith(f"{videos} video")
    assert card.facts["promise"].startswith("threshold ")
    assert "long_side 128" in card.facts["settings"]
    assert card.facts["drill"] == (f"not drilled as it is: oddframe drill {street.run}",)
    assert "kroeger2016fast" in card.facts["papers"]


def test_a_drill_counts_where_it_is_of_the_run_as_it_is(street_run):
    run = read_run(street_run)
    drill = Drill(
        str(street_run),
        run.sha256,
        "fixed-camera",
        3.0,
        "",
        "normal footage",
        True,
        0,
        (128, 80),
        2,
        (),
        {},
        0,
        0.5,
        0,
        None,
    )
    drill.write(street_run / "drills" / "train")
    told = oddframe.info(street_run).facts["drill"]
    assert told[0] == "would notice: nothing of this"
    assert told[2].startswith("no alarm in 30 min")
    stale = drill.write(street_run / "drills" / "train")
    stale.write_text(stale.read_text().replace(run.sha256, "0" * 64))
    assert oddframe.info(street_run).facts["drill"][0].startswith("not drilled as it is")


def test_scores_say_whose_they_are_and_how_high(tmp_path, capsys):
    values = {"a": np.arange(10, dtype=np.float32), "b": np.zeros(5, np.float32)}
    meta = {"detector": "rtfm", "causal": False, "threshold": 7.5, "threshold_source": "chosen"}
    path = Scores(values, meta).write(tmp_path / "scores.npz")
    card = oddframe.info(path)
    assert card.kind == "scores"
    assert card.facts["videos"] == "2 videos"
    assert card.facts["frames"] == "15"
    assert card.facts["values"] == "0 to 9, median 2"
    assert card.facts["threshold"] == "7.5; 13.33% of all frames are above"
    np.savez(tmp_path / "foreign.npz", **values)
    assert "they do not say" in said_of(capsys, tmp_path / "foreign.npz")
    assert oddframe.info(tmp_path / "foreign.npz").facts["threshold"] == "none: nothing rings"


def test_features_say_how_they_were_made(tmp_path):
    for name, snippets in (("a", 3), ("b", 4)):
        np.save(tmp_path / f"{name}.npy", np.ones((snippets, 2, 8), np.float32))
    info = {
        "format": "oddframe-features/1",
        "snippet_length": 16,
        "stride": 8,
        "crops": 2,
        "channels": 8,
        "rate": None,
        "backbone": {"name": "i3d-resnet50"},
    }
    (tmp_path / "features.json").write_text(json.dumps(info))
    card = oddframe.info(tmp_path)
    assert card.kind == "features"
    assert card.facts["backbone"] == "i3d-resnet50"
    assert card.facts["snippets"] == "7, of 16 frames, every 8"
    assert card.facts["a vector"] == "8 channels, of 2 crops"


def test_recordings_say_their_size_rate_and_length(street, tmp_path, capsys):
    card = oddframe.info(street.root / "fast.mp4")
    assert card.kind == "video"
    assert card.facts["picture"] == f"{street.width}x{street.height}"
    assert card.facts["rate"] == f"{street.fps:g} a second"
    said = said_of(capsys, street.root / "normal")
    assert said.startswith(f"{street.root / 'normal'}: footage\n")
    oddframe.prepare("folder", street.root / "normal", tmp_path / "street.jsonl")
    card = oddframe.info(tmp_path / "street.jsonl")
    assert card.kind == "manifest"
    assert [line.split() for line in card.facts["videos"]] == [
        ["train", "2", "videos", "400", "frames", "32", "s"],
        ["val", "1", "video", "200", "frames", "16", "s"],
    ]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda folder: folder / "gone", "there is no such file or folder"),
        (lambda folder: text(folder / "cameras.yaml"), "is tried with 'oddframe watch"),
        (lambda folder: text(folder / "scores.npz"), "scores.npz: "),
        (lambda folder: text(folder / "run" / "config.yaml").parent, "checkpoint.pt is missing"),
        (lambda folder: text(folder / "film.mp4"), "film.mp4"),
        (lambda folder: text(folder / "state" / "journal.sqlite").parent, "a state folder"),
    ],
)
def test_what_is_none_of_these_is_one_line(made, said, tmp_path, capsys):
    assert main(["info", str(made(tmp_path))]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def text(path):
    path.parent.mkdir(exist_ok=True)
    path.write_text("no such thing")
    return path
