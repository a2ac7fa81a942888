"""Grouped bars: their heights and colours are measured in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oddframe.evaluation.result import Measured
from oddframe.pages.colours import SERIES
from oddframe.reporting.drawing.class_bars import CHARTS, class_bars

OPACITY = 0.85


def _read(png):
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(int)


def _bars(image, place):
    """Height in pixels of every bar of a model, from left to right."""
    wanted = np.array(SERIES[place]) * OPACITY + 255 * (1 - OPACITY)
    heights = (np.abs(image - wanted).max(axis=2) < 6).sum(axis=0)
    heights[heights < 12] = 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], heights > 0, [0]))))
    runs = zip(edges[::2], edges[1::2], strict=True)
    return [heights[a:b].max() for a, b in runs if b - a > 5]


def _models(models, classes, value):
    return {
        f"m{m} $": {f"c{c} $": {k: Measured(value(m, c)) for k in CHARTS} for c in range(classes)}
        for m in range(models)
    }


def test_heights_are_the_values():
    values = {(0, 0): 0.2, (0, 1): 0.8, (1, 0): 0.4, (1, 1): 1.0}
    models = _models(2, 2, lambda m, c: values[m, c])
    counts = {name: {"videos": 3, "frames": 9} for name in models["m0 $"]}
    # The legend shows each colour too, in less than the height of a bar.
    image = _read(class_bars("average_precision", models, counts))[60:]
    first, second = _bars(image, 0), _bars(image, 1)
    assert [first[1] / first[0], second[0] / first[0], second[1] / first[0]] == pytest.approx(
        [4, 2, 5], rel=0.03
    )


@pytest.mark.filterwarnings("error")
def test_the_key_of_many_models_leaves_the_bars_their_height():
    image = _read(class_bars("auc", _models(42, 2, lambda _m, _c: 1.0), {}))
    assert max(_bars(image, 0)) > 300


def test_an_undefined_class_has_a_word_and_no_bar():
    models = _models(1, 3, lambda m, c: None if c == 0 else 0.5)
    assert len(_bars(_read(class_bars("auc", models, {})), 0)) == 2


@pytest.mark.parametrize(("models", "classes"), [(4, 14), (1, 14), (8, 14), (1, 1), (2, 30)])
def test_every_bar_is_there_and_wide_enough(models, classes):
    image = _read(class_bars("auc", _models(models, classes, lambda m, c: 0.6), {}))
    assert image.shape[1] < 1500, "it is shown on a page of 1112 pixels"
    wanted = np.array(SERIES[0]) * OPACITY + 255 * (1 - OPACITY)
    pixels = (np.abs(image - wanted).max(axis=2) < 6).astype(np.uint8)
    # The colour is used again from the seventh model on, in stripes.
    pixels = cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(pixels)
    bars = [box for box in boxes[1:] if box[3] > 60]
    assert len(bars) >= classes * (1 + (models > len(SERIES)))


def test_models_of_one_colour_are_told_apart_by_stripes():
    image = _read(class_bars("auc", _models(7, 1, lambda m, c: 0.6), {}))[90:]
    wanted = np.array(SERIES[0]) * OPACITY + 255 * (1 - OPACITY)
    pixels = np.abs(image - wanted).max(axis=2) < 6
    columns = np.flatnonzero(pixels.sum(axis=0) > 20)
    (gap,) = np.flatnonzero(np.diff(columns) > 60)
    solid, striped = (pixels[:, part].sum() / len(part) for part in np.split(columns, [gap + 1]))
    assert 0.4 * solid < striped < 0.95 * solid
