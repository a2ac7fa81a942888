"""compare with trained runs beside foreign scores, without saying where the truth is."""

import json
from pathlib import Path

import numpy as np
import pytest

from oddframe.cli import main
from oddframe.comparison.result import Comparison
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest


@pytest.fixture(scope="module")
def runs(bags, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short trainings: ``short`` scored with both its checkpoints, ``tiny`` with one."""
    folder = tmp_path_factory.mktemp("runs")
    common = ("--detector", "sultani", "--settings.validate_every", "3", "--settings.steps", "9")
    assert bags.train(folder / "short", *common, "--oracle") == 0
    assert bags.train(folder / "tiny", *common, "--seed", "1") == 0
    words = [str(bags.manifest), "--features", str(bags.features)]
    assert main(["score", str(folder / "short"), *words, "--split", "val,test"]) == 0
    assert main(["score", str(folder / "short"), *words, "--oracle"]) == 0
    assert main(["score", str(folder / "tiny"), *words]) == 0
    random = np.random.default_rng(0)
    for video in Manifest.read(bags.manifest).split("test"):
        (folder / "foreign").mkdir(exist_ok=True)
        np.save(folder / "foreign" / f"{video.id}.npy", random.random(video.frames))
    return folder


def compare(runs: Path, out: Path, *words: str) -> int:
    options = ("--resamples", "20", "--timelines", "false")
    return main(
        [
            "compare",
            *(str(runs / w) if w[0] != "-" else w for w in words[:3]),
            *words[3:],
            "--out",
            str(out),
            *options,
        ]
    )


def test_runs_and_foreign_scores(bags, runs: Path, tmp_path: Path, capsys) -> None:
    assert compare(runs, tmp_path, "short", "tiny", "foreign") == 0
    said = capsys.readouterr().out
    found = Comparison.read(tmp_path / "comparison.json")
    truth = Manifest.read(bags.manifest)
    assert list(found.models) == ["short", "tiny", "foreign"]
    for name in ("short", "tiny"):
        (file,) = (runs / name).glob("scores/manifest/scores.npz")
        alone = evaluate_scores(Scores.read(file), truth, resamples=20)
        assert found.models[name] == {key: alone.metrics[key] for key in found.models[name]}
    oracle = Scores.read(runs / "short/scores/manifest-oracle/scores.npz")
    best = evaluate_scores(oracle, truth, resamples=20).metrics
    assert found.oracle == {"short": {key: best[key] for key in found.models["short"]}}
    gap = found.oracle_gaps["short"]["micro_auc"].value
    assert gap == pytest.approx(
        best["micro_auc"].value - found.models["short"]["micro_auc"].value, abs=1e-12
    )
    assert found.origins["short"].startswith(f"run {runs}/short: sultani, seed 0, checkpoint of ")
    assert "selected on validation" in found.origins["tiny"]
    assert "not stated how" in found.origins["foreign"]
    assert found.doubts == {}  # the oracle stands apart
    # Only the scores of one run cover the validation videos.
    assert "val_f1" in found.decisions["short"]
    assert "val_f1" not in found.decisions["tiny"]
    assert len(found.differences) == 3 * len(found.models["tiny"])
    assert found.caution.startswith("Of 3 pairs")
    assert (tmp_path / "comparison.html").is_file()
    assert "Micro AUC of short is" in said


def test_first_frames_are_left_out_on_request_and_it_is_said(
    runs: Path, tmp_path: Path, capsys
) -> None:
    assert compare(runs, tmp_path, "short", "tiny", "foreign", "--skip_first", "4") == 0
    warning = "the first 4 frames of each video are left out, as papers on prediction do"
    assert f"tiny: {warning}" in capsys.readouterr().out
    found = Comparison.read(tmp_path / "comparison.json")
    assert found.skip_first == 4
    assert all(lines[0].startswith(warning) for lines in found.doubts.values())
    assert set(found.doubts) == set(found.models)
    page = (tmp_path / "comparison.html").read_text()
    assert "Of every video the frames from 4 on count." in page
    assert "from frame 4 on." in (tmp_path / "comparison.tex").read_text()


def test_first_against_the_others(runs: Path, tmp_path: Path) -> None:
    words = ("short", "tiny", "foreign", "--pairs", "first", "--names", "a,b,c")
    assert compare(runs, tmp_path, *words) == 0
    row = json.loads((tmp_path / "comparison.json").read_text())
    assert {(part["first"], part["second"]) for part in row["differences"]} == {
        ("a", "b"),
        ("a", "c"),
    }
    assert row["caution"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("short", "tiny", "nothing"), "nothing: expected scores, a run or a sweep, found nothing"),
        (("short", "short/log.txt", "tiny"), "log.txt line 2: expected"),
        (("foreign", "foreign", "foreign/"), "give one for each with --names a,b"),
        (("short", "tiny", "foreign", "--pairs", "some"), "--pairs: expected all or first"),
        (("short", "tiny", "foreign", "--split", "train"), "labelled anomalous but has no events"),
        (("short", "tiny", "foreign", "--names", "a,b"), "expected 3 different names"),
        (
            ("short", "tiny", "foreign", "--published", "avenu"),
            "--published avenu: no published numbers of this data set are known; give some of",
        ),
        (("short", "tiny", "foreign", "--manifest", "no.jsonl"), "no.jsonl: expected a manifest"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(
    runs: Path, tmp_path: Path, capsys, words: tuple[str, ...], said: str
) -> None:
    assert compare(runs, tmp_path / "out", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_foreign_scores_alone_need_a_manifest(bags, runs: Path, tmp_path: Path, capsys) -> None:
    files = [str(runs / "foreign"), str(runs / "short/scores/manifest/scores.npz")]
    words = ["compare", *files, "--out", str(tmp_path), "--resamples", "0", "--timelines", "false"]
    assert main(words) == 2
    assert "found no run that holds one; give --manifest" in capsys.readouterr().err
    assert main([*words, "--manifest", str(bags.manifest)]) == 0
    found = Comparison.read(tmp_path / "comparison.json")
    assert found.caution == ""
    assert f"sultani, run {runs}/short" in list(found.origins.values())[1]
