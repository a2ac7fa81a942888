"""What a person reads at the end of a verb."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from oddframe.bags.snippets import BagShape
from oddframe.cli.results import describe, evaluation_table
from oddframe.comparison.paired_differences import PairedDifference
from oddframe.comparison.result import Comparison
from oddframe.detectors.baselines.random_scores import RandomScores, RandomScoresConfig
from oddframe.detectors.weakly_supervised.sultani import CONFIG, DETECTOR
from oddframe.evaluation.result import Decision, Evaluation, Measured
from oddframe.runs.run_folder import Run
from oddframe.scores.camera_troubles import CameraTrouble
from oddframe.scores.detections import Detection
from oddframe.scores.frame_scores import Scores
from oddframe.scores.standing_out import STANDS_OUT
from oddframe.scoring.footage import Scored
from oddframe.verbs.demo import Demo
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def evaluation() -> Evaluation:
    return Evaluation(
        dataset="ped2",
        split="test",
        videos=12,
        anomalous_videos=12,
        frames=2010,
        anomalous_frames=1648,
        metrics={
            "micro_auc": Measured(0.95123, 0.90049, 0.98),
            "macro_auc": Measured(None, note="one class only"),
            "equal_error_rate": Measured(0.1),
            "an_exotic_metric": Measured(0.3),
        },
        baselines={
            "constant": {"micro_auc": Measured(0.5), "equal_error_rate": Measured(None)},
        },
    )


def test_the_table_has_interval_value_and_baseline():
    lines = evaluation_table(evaluation()).splitlines()
    assert lines[0] == "ped2, test: 12 videos, 2,010 frames, 1,648 of them anomalous"
    assert lines[1].split()[:5] == ["95", "%", "interval", "this", "constant"]
    assert len(lines) == 4, "undefined and minor metrics are left out"
    assert lines[2].endswith("0.900 to 0.980  0.951     0.500")
    assert lines[3].split()[-2:] == ["0.100", "-"]
    # The columns are flush on the right.
    assert lines[2].index("0.951") == lines[3].index("0.100")


def test_an_oracle_checkpoint_and_thresholds_are_named_as_such():
    own = {"f1": Measured(0.5), "recall": Measured(None, note="none")}
    shown = replace(
        evaluation(),
        oracle={"micro_auc": Measured(0.99)},
        decisions={
            "val_f1": Decision(0.25, "f1", "validation", False, own),
            "run": Decision(2.5, "own", "held-out normal footage", False, own),
            "oracle_f1": Decision(0.5, "f1", "the evaluated videos themselves", True, own),
        },
    )
    lines = evaluation_table(shown).splitlines()
    assert lines[1].split() == ["95", "%", "interval", "this", "oracle", "constant"]
    assert lines[2].endswith("0.951   0.990     0.500")
    assert "selected on these very videos" in lines[4]
    assert lines[6].split() == ["threshold", "from", "above", "F1", "Recall"]
    assert lines[7].split() == ["validation,", "F1", "0.25", "0.500", "-"]
    assert lines[8].startswith("of the run, from held-out normal footage    2.5  0.500")
    assert lines[9].startswith("oracle, F1")


def test_columns_of_odd_moments_stand_under_each_other():
    event = Detection(0, 20, 5, 12.5, 2.0, "motion", "because")
    manifest = Manifest(
        "own", tuple(Video(n, "x", "test", None, 100, 10.0, 8, 8) for n in ["a", "bcd"])
    )
    found = Scored(
        Scores({name: np.zeros(100) for name in ("a", "bcd")}, {"threshold": 1.0}),
        {"a": [event], "bcd": [replace(event, peak_score=3.0)]},
        manifest,
        Path("s.npz"),
        None,
        {},
    )
    rows = describe(found).splitlines()[1:3]
    assert rows[0] == "  1  a    0:00.0 to 0:02.0  score 12.50  because"
    assert rows[1] == "  2  bcd  0:00.0 to 0:02.0  score 3.00   because"


def test_what_was_found_stands_below_the_numbers():
    found = replace(evaluation(), protocol={"found": "1 odd moment in 1 of 12 videos."})
    said = f"{evaluation_table(found)}\n\n1 odd moment in 1 of 12 videos.\n"
    given = {"report": True, "out": "out"}
    assert describe(found, given) == f"{said}report: out/report.html"
    assert describe(Demo(found, Path("o.html"))) == f"{said}\nreport: o.html"


def test_the_demo_ends_with_the_report():
    text = describe(Demo(evaluation(), Path("out/report.html")))
    assert text.endswith("\n\nreport: out/report.html")
    assert text.startswith(describe(evaluation()))


def test_an_evaluation_and_a_comparison_end_with_their_page():
    folder = Path("out")
    for given in ({}, {"out": folder}, {"out": folder, "report": False}):
        assert describe(evaluation(), given) == evaluation_table(evaluation())
    text = describe(evaluation(), {"out": folder, "report": True})
    assert text == f"{evaluation_table(evaluation())}\nreport: out/report.html"
    words = [PairedDifference("a", "b", "micro_auc", Measured(0.1), "a is higher")]
    compared = Comparison("d", "test", 3, 0, 0, {}, words)
    assert describe(compared) == "a is higher"
    page, beside = describe(compared, {"out": folder}).split("\n")[1:]
    assert page == "report: out/comparison.html"
    assert beside.startswith("beside it: comparison.json, ")


def test_a_comparison_says_which_models_are_one_seed():
    one, two = ({name: {} for name in names} for names in ("a", "ab"))
    assert Comparison("d", "test", 3, 9, 0, one, []).single.startswith("a is one set of scores, of")
    several = Comparison("d", "test", 3, 9, 0, two, [])
    assert "a, b are one set of scores each, of one training (one seed)" in describe(several)
    repeated = Comparison("d", "test", 3, 9, 0, two, [], repeats={"a": {}, "b": {}})
    assert repeated.single == ""


def test_a_run_says_how_it_came_about_and_threshold_once():
    shape = BagShape(2, 8)
    detector = DETECTOR(CONFIG(), shape)
    folder = Path("run")
    lines = describe(Run(folder, detector, {"verb": "train"}, "")).splitlines()
    assert lines == [
        "run: detector sultani is fitted",
        "  threshold 0.5: the middle of the range",
        "next: oddframe score run MANIFEST --features DIR --report",
    ]
    imported = describe(Run(folder, detector, {"verb": "import"}, ""))
    assert imported.startswith("run: detector sultani is imported\n")
    assert "fitted" not in imported
    fitted = Run(folder, detector, {"left_out": {"a": "a.mp4: cannot be read"}}, "")
    assert describe(fitted).splitlines()[2] == "  left out: a.mp4: cannot be read"
    detector.threshold_source = "0.5, the middle of the range"  # as older runs have it
    assert "\n  threshold: 0.5, the" in describe(Run(folder, detector, {}, ""))
    blind = RandomScores(RandomScoresConfig(), shape)
    assert describe(Run(folder, blind, {"verb": "train"}, "")).startswith(
        "run: detector random-scores needs no training\n"
    )


def scored(events: int, **changes) -> Scored:
    manifest = Manifest(
        "d",
        (
            Video("a", "a.mp4", "test", None, 9000, 25.0, 8, 8),
            Video("b", "b.mp4", "test", None, 50, 25.0, 8, 8),
        ),
    )
    found = [
        Detection(100 * k, 100 * k + 50, 100 * k + 5, 2.5 + k, 2.0, "x", "because")
        for k in range(events)
    ]
    meta = {"threshold": 2.0} | changes.pop("meta", {})
    scores = Scores({"a": np.zeros(9000), "b": np.zeros(50)}, meta)
    values = {
        "scores": scores,
        "detections": {"a": found, "b": []},
        "manifest": manifest,
        "path": Path("out/scores.npz"),
        "report": None,
        "failed": {},
    }
    return Scored(**values | changes)


def test_each_event_is_one_line_with_time_and_reason():
    lines = describe(scored(2)).splitlines()
    assert lines[0] == "2 odd moments in 1 of 2 videos"
    assert lines[1] == "  1  a  0:00.0 to 0:02.0  score 2.50  because"
    assert lines[2] == "  2  a  0:04.0 to 0:06.0  score 3.50  because"
    assert lines[-2:] == ["scores: out/scores.npz", "events: out/events.json"]


def test_troubles_of_the_camera_are_lines_of_their_own():
    result = scored(0, camera={"a": [CameraTrouble(0, 50, "covered")]})
    lines = describe(result).splitlines()
    assert lines[0] == "nothing odd in 2 videos"
    assert "the camera itself: a  0:00.0 to 0:02.0  covered" in lines


def test_an_event_without_a_reason_has_only_its_score():
    result = scored(1)
    (event,) = result.detections["a"]
    result.detections["a"] = [replace(event, reason="")]
    assert describe(result).splitlines()[1] == "  1  a  0:00.0 to 0:02.0  score 2.50"


def test_time_that_was_not_filmed_is_told():
    result = scored(0)
    times = ((0, 0.0), (4499, 4499 / 25), (4500, 3600.0), (8999, 3600 + 4499 / 25))
    videos = tuple(replace(v, times=times) if v.id == "a" else v for v in result.manifest)
    said = describe(replace(result, manifest=replace(result.manifest, videos=videos)))
    assert "\ngaps: 57 min in 1 gap of 1 video were not filmed, and count nowhere\n" in said
    assert "gaps" not in describe(result)
    slow = tuple(replace(video, fps=1 / 3600) for video in result.manifest)
    said = describe(replace(result, manifest=replace(result.manifest, videos=slow)))
    assert (
        "\ntime-lapse: 2 videos of 9050 h 00 min in all, of which 5 h 02 min count as watched"
        in said
    )


def test_one_event_none_and_very_many():
    assert describe(scored(1)).startswith("1 odd moment in 1 of 2 videos\n")
    assert describe(scored(0)).startswith("nothing odd in 2 videos\n")
    shown = describe(scored(0, annotated=Path("out/annotated"), report=Path("out/r.html")))
    assert shown.endswith("\nannotated: out/annotated\nreport: out/r.html")
    lines = describe(scored(80)).splitlines()
    assert lines[0] == "80 odd moments in 1 of 2 videos"
    assert lines[21] == "  ... and 60 more in events.json"


def test_failures_threshold_and_report_are_named():
    text = describe(
        scored(
            0,
            failed={"c": "cannot be read"},
            report=Path("out/report/report.html"),
            meta={"threshold_source": "threshold 2.00: at most 1 false alarm per hour"},
        )
    )
    assert "\nthreshold 2.00: at most 1 false alarm per hour\n" in text
    assert "\nnot scored: c: cannot be read\n" in text
    assert text.endswith("\nreport: out/report/report.html")
    assert "\nthreshold 2, given by hand\n" in describe(
        scored(0, meta={"threshold_source": "given by hand"})
    )


def test_without_a_threshold_there_is_no_verdict():
    source = "no threshold: import with --normal, or give --threshold"
    imported = {"run": "run", "threshold": None, "threshold_source": source}
    lines = describe(scored(0, meta=imported)).splitlines()
    assert lines[0] == (
        "scored 2 videos; no verdict, since the run has no threshold "
        "(import with --normal, or give --threshold)"
    )
    assert lines[1:] == ["scores: out/scores.npz", "events: out/events.json"]
    flat = {STANDS_OUT: {"times": 1.0, "plus": 0.1}}
    lines = describe(scored(0, meta=imported | flat)).splitlines()
    assert lines[1] == (
        "no moment stands out in any of them, so none is named: the highest score is 0.000, at "
        "0:00.0 in “a”"
    )


def test_an_oracle_of_another_protocol_is_said():
    protocol = {
        "scores_meta": {"normalisation": "held-out normal footage", "causal": False},
        "oracle_meta": {"normalisation": "per-video: 0 to 1", "causal": False},
    }
    best = {"micro_auc": Measured(0.99)}
    lines = evaluation_table(replace(evaluation(), oracle=best, protocol=protocol)).splitlines()
    assert lines[-2] == "the oracle's scores are normalised per video"
    assert "“per-video: 0 to 1” there and “held-out normal footage” here" in lines[-1]
    assert "causal" not in lines[-1]


def test_a_comparison_names_the_models_in_doubt():
    words = [PairedDifference("a", "b", "micro_auc", Measured(0.1), "a is higher")]
    doubted = {"b": ["normalised per video", "an upper bound"]}
    compared = Comparison("d", "test", 3, 0, 0, {}, words, doubts=doubted)
    assert describe(compared).splitlines() == [
        "a is higher",
        "b: normalised per video",
        "b: an upper bound",
    ]


def test_nothing_is_said_of_other_results():
    assert describe(None) == ""
