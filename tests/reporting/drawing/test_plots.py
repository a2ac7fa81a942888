from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from oddframe.evaluation.result import Curve, Evaluation, Measured
from oddframe.pages.colours import DETECTION, SERIES, TRUTH
from oddframe.reporting.drawing.plots import (
    CURVE_SIZE,
    DPI,
    PROBABILITIES,
    TIMELINE_WIDTH,
    write_precision_recall,
    write_roc,
    write_timeline,
)
from oddframe.scores.detections import Detection
from oddframe.videos.video import Event, Video

VIDEO = Video("01_$x$", "01", "test", "anomalous", 100, 10.0, 8, 8, events=(Event(40, 70),))


def _read(path):
    image = cv2.imread(str(path))
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(int)


def _share(image, colour, opacity=1.0):
    """Share of each column's pixels that have a colour laid over white."""
    wanted = np.array(colour) * opacity + 255 * (1 - opacity)
    return (np.abs(image - wanted).max(axis=2) < 6).mean(axis=0)


@pytest.fixture
def evaluation():
    return Evaluation(
        "toy", "test", 2, 1, 100, 30, {"micro_auc": Measured(0.8, 0.7, 0.9)},
        curves={
            "roc": Curve([0.0, 0.2, 1.0], [0.0, 0.8, 1.0]),
            "pr": Curve([0.0, 0.8, 1.0], [1.0, 0.7, 0.3]),
        },
    )  # fmt: skip


@pytest.mark.parametrize("write", [write_roc, write_precision_recall])
def test_curves_of_several_models_have_their_own_colours(tmp_path, evaluation, write):
    path = write(tmp_path / "new" / "curve.png", {"one $": evaluation, "two $": evaluation})
    image = _read(path)
    assert image.shape == (round(CURVE_SIZE[1] * DPI), round(CURVE_SIZE[0] * DPI), 3)
    # The second curve hides the first, but each has its line in the legend.
    assert _share(image, SERIES[0]).max() > 0
    assert _share(image, SERIES[1]).max() > 0


@pytest.mark.filterwarnings("error")
def test_the_key_of_many_models_leaves_the_curves_their_room(tmp_path, evaluation):
    models = {f"model {place}, per video": evaluation for place in range(42)}
    image = _read(write_roc(tmp_path / "curve.png", models))
    axis = (image.max(axis=2) < 40).mean(axis=0)
    assert axis.max() > 0.75  # the vertical axis
    assert (image[:, int(axis.argmax()) - 2 :].min(axis=(0, 2)) < 200).mean() > 0.7


def test_timeline_shades_truth_and_marks_detections_at_their_time(tmp_path):
    path = write_timeline(
        tmp_path / "timeline.png",
        VIDEO,
        {"score": np.full(100, 0.2, np.float32)},
        thresholds={"score": 1.0},
        detections=[Detection(80, 90, 85, 2.0, 1.5)],
    )
    image = _read(path)
    assert image.shape[1] == TIMELINE_WIDTH * DPI
    # The legend lies above the panel, whose lower half holds the shade alone.
    lower = image[image.shape[0] // 3 :]
    shaded = np.flatnonzero(_share(lower, TRUTH, 0.3) > 0.5)
    marked = np.flatnonzero(_share(image, DETECTION) > 0.02)
    marked = marked[marked > shaded[-1]]
    assert shaded[-1] - shaded[0] == pytest.approx(len(shaded), rel=0.05)
    per_frame = (shaded[-1] - shaded[0]) / 30
    assert (marked[0] - shaded[-1]) / per_frame == pytest.approx(10, abs=0.5)


def test_timeline_has_a_panel_per_model(tmp_path):
    scores = {"first": np.zeros(100), "second": np.arange(100.0)}
    one = _read(write_timeline(tmp_path / "1.png", VIDEO, {"first": scores["first"]}))
    two = _read(write_timeline(tmp_path / "2.png", VIDEO, scores))
    assert two.shape[0] > one.shape[0] + 100
    assert _share(two, SERIES[1]).max() > 0
    assert _share(one, SERIES[1]).max() == 0


def test_timeline_of_one_frame(tmp_path):
    video = Video("x", "x", "test", None, 1, 25.0, 8, 8)
    _read(write_timeline(tmp_path / "x.png", video, {"score": np.array([0.5])}))


def test_pyplot_is_never_imported():
    code = (
        "import sys, numpy as np; from pathlib import Path;"
        "from oddframe.reporting.drawing.plots import write_timeline;"
        "from oddframe.videos.video import Video;"
        "import tempfile; folder = Path(tempfile.mkdtemp());"
        "video = Video('x', 'x', 'test', None, 3, 25.0, 8, 8);"
        "write_timeline(folder / 'x.png', video, {'score': np.zeros(3)});"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_probabilities_of_several_models_share_one_panel(tmp_path):
    scores = {"first $": np.full(100, 0.9), "second": np.linspace(0, 0.2, 100)}
    apart = _read(write_timeline(tmp_path / "2.png", VIDEO, scores))
    shared = _read(write_timeline(tmp_path / "1.png", VIDEO, scores, axis=PROBABILITIES))
    assert shared.shape[0] < apart.shape[0]
    rows = []
    for place in range(2):
        line = np.abs(shared[:, 200:400] - np.array(SERIES[place])).max(axis=2) < 6
        rows.append(np.flatnonzero(line.mean(axis=1) > 0.05))
    # On one axis from 0 to 1, 0.9 lies far above what is below 0.2.
    assert rows[0].max() + 100 < rows[1].min()
    assert (_share(shared, TRUTH, 0.3) > 0.5).sum() > 200


def test_a_second_round_of_colours_is_dashed(tmp_path, evaluation):
    names = [f"m{i}" for i in range(len(SERIES) + 1)]
    solid = _read(write_roc(tmp_path / "a.png", {names[0]: evaluation}))
    dashed = _read(write_roc(tmp_path / "b.png", dict.fromkeys(names, evaluation)))
    assert solid.shape == dashed.shape
    assert _share(dashed, SERIES[0]).max() > 0
