"""The grid of training samples, looked at pixel by pixel."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.pages.colours import HEAT
from oddframe.reporting.drawing.sample_pictures import GAP, TILE, write_samples

DARKEST = HEAT[-1][1]


def read(path):
    image = cv2.imread(str(path))
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def blocks(image, size, factor):
    """The pictures of a grid: each a square of coloured pixels beside the column of labels.

    Found from the picture alone: the last columns and rows that are not white end the last one.
    """
    dark = (image != 255).any(axis=2)
    bottom, right = np.flatnonzero(dark.any(1))[-1] + 1, np.flatnonzero(dark.any(0))[-1] + 1
    side = size * factor
    return lambda row, column: image[
        bottom - (row + 1) * side - row * GAP : bottom - row * (side + GAP),
        right - (column + 1) * side - column * GAP : right - column * (side + GAP),
    ]


def test_every_pixel_is_in_its_row_and_column_enlarged_without_blur(tmp_path):
    random = np.random.default_rng(0)
    size, factor = 16, TILE // 16
    pictures = {
        "target": random.random((3, size, size, 3)) * 0.9,
        "prediction": random.random((3, size, size, 3)) * 0.9,
    }
    path = write_samples(tmp_path / "new" / "step-000010.png", pictures, "step 10")
    assert [p.name for p in path.parent.iterdir()] == ["step-000010.png"]
    part = blocks(read(path), size, factor)
    for row, name in enumerate(reversed(pictures)):
        for column in range(3):
            wanted = np.rint(pictures[name][2 - column] * 255).astype(np.uint8)
            shown = part(row, column).reshape(size, factor, size, factor, 3)
            assert (shown == wanted[:, None, :, None]).all(), (name, column)


@pytest.mark.parametrize(("side", "factor"), [(32, 5), (64, 2), (100, 1), (256, 1)])
def test_enlargement_is_by_whole_factors_up_to_the_tile(tmp_path, side, factor):
    image = np.full((1, side, side, 3), 0.5)
    picture = read(write_samples(tmp_path / "a.png", {"target": image}, ""))
    grey = (picture == 128).all(axis=2)
    assert grey.sum() == pytest.approx((side * factor) ** 2, rel=0.01)  # letters have greys too


def test_values_beyond_the_range_are_the_nearest_colours_and_grey_has_three_channels(tmp_path):
    images = np.full((1, 80, 80, 1), 0.25)
    images[:, :40, :40], images[:, 40:, 40:] = -3.0, 7.0
    picture = read(write_samples(tmp_path / "a.png", {"target": images}, ""))
    corner = picture[-GAP - 80 * 2 : -GAP, -GAP - 80 * 2 : -GAP]
    assert corner[10, 10].tolist() == [0, 0, 0]
    assert corner[-10, -10].tolist() == [255, 255, 255]
    assert corner[10, -10].tolist() == [64, 64, 64]


@pytest.mark.parametrize("shape", [(2, 160, 160), (2, 160, 160, 1)])
def test_errors_are_heat_up_to_the_percentile_with_the_largest_value_beside(tmp_path, shape):
    errors = np.zeros((2, 160, 160))
    errors[0, :, :40] = 0.02  # 12 % of the row, so the 99.5th percentile is one of them
    errors[1, 80, 80] = 5.0  # one spot of 51,200
    error = read(write_samples(tmp_path / "a.png", {"error": errors.reshape(shape)}, ""))
    images = [error[-GAP - 160 : -GAP, -GAP - 160 :][:, :160]]
    left = error[-GAP - 160 : -GAP, -2 * (160 + GAP) : -160 - 2 * GAP]
    assert (left[:, :40] == DARKEST).all()
    assert (left[:, 40:] == 255).all()
    assert (images[0][80, 80] == DARKEST).all()
    assert (np.delete(images[0].reshape(-1, 3), 80 * 160 + 80, axis=0) == 255).all()
    # The same picture with another largest value differs in what is written and nowhere else.
    errors[1, 80, 80] = 7.0
    other = read(write_samples(tmp_path / "b.png", {"error": errors.reshape(shape)}, ""))
    differ = np.argwhere((error != other).any(axis=2))
    assert len(differ) > 5
    assert differ[:, 1].max() < error.shape[1] - 2 * (160 + GAP)
    assert np.ptp(differ[:, 0]) < 16


def test_heat_grows_darker_with_the_error(tmp_path):
    errors = np.tile(np.linspace(0, 1, 160), (1, 160, 1))
    picture = read(write_samples(tmp_path / "a.png", {"error": errors}, ""))
    row = picture[-GAP - 80, -GAP - 160 : -GAP].astype(int).sum(axis=1)
    assert (np.diff(row) <= 0).all()
    assert row[0] == 3 * 255
    assert row[-1] == sum(DARKEST)


def test_no_error_at_all_is_white(tmp_path):
    picture = read(write_samples(tmp_path / "a.png", {"error": np.zeros((1, 160, 160))}, ""))
    assert (picture[-GAP - 160 :, -GAP - 160 :] == 255).all()


def test_labels_differ_and_rows_of_other_sizes_fit(tmp_path):
    tall = np.full((2, 200, 100, 3), 0.5)
    flat = np.full((2, 8, 160, 3), 0.25)
    picture = read(write_samples(tmp_path / "a.png", {"target": tall, "pseudo": flat}, "t" * 500))
    assert ((picture == 128).all(axis=2).sum(axis=0) >= 200).sum() == 200
    assert ((picture == 64).all(axis=2).sum(axis=0) >= 8).sum() == 320
    names = [
        read(write_samples(tmp_path / f"{name}.png", {name: flat}, ""))
        for name in ("target", "prediction")
    ]
    assert (names[0] != names[1]).any()


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({}, "found none"),
        (
            {"a": np.zeros((2, 8, 8, 3)), "b": np.zeros((3, 8, 8, 3))},
            "expected as many samples in every row, found 'a' 2, 'b' 3",
        ),
        ({"a": np.zeros((2, 3, 8, 8))}, r"picture 'a': expected images .* found \(2, 3, 8, 8\)"),
        ({"a": np.zeros((0, 8, 8, 3))}, r"found \(0, 8, 8, 3\)"),
        ({"a": np.zeros((8, 8))}, r"found \(8, 8\)"),
        ({"a": np.full((1, 8, 8, 3), np.nan)}, "picture 'a': found values that are not finite"),
        ({"error": np.full((1, 8, 8), -0.5)}, "picture 'error': expected errors of .* found -0.5"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(tmp_path, pictures, message):
    with pytest.raises(OddframeError, match=message) as caught:
        write_samples(tmp_path / "a.png", pictures, "step 1")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_training_does_not_load_matplotlib():
    code = (
        "import sys; import oddframe.reporting.drawing.sample_pictures as s; import numpy as np;"
        "import tempfile, pathlib; path = pathlib.Path(tempfile.mkdtemp()) / 'a.png';"
        "s.write_samples(path, {'target': np.zeros((1, 8, 8, 3))}, 'step 1');"
        "assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
