"""When a recording says that it was filmed."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from oddframe.media.filmed_at import filmed_at

MOMENT = datetime(2026, 11, 28, 3, 12, 0)


@pytest.mark.parametrize(
    "name",
    [
        "2026-11-28_03-12-00.mp4",
        "gate_2026-11-28_03-12-00.mp4",
        "2026-11-28T03-12-00.mkv",
        "2026-11-28 03.12.00.mov",
        "VID_20261128_031200.mp4",
        "PXL_20261128_031200123.mp4",
        "cam2_20261128031200.dav",
        "20261128-031200_front.avi",
        "2026.11.28-03.12.00.mp4",
        "2026-11-28/03-12-00.mp4",
        "20261128/031200.mp4",
        "2026-11-28/03h12m00s.mp4",
    ],
)
def test_names_of_cameras_and_recorders(name):
    assert filmed_at(Path("cam") / name) == MOMENT


@pytest.mark.parametrize(
    "name",
    [
        "gate.mp4",
        "01_0014.avi",
        "2026-11-28.mp4",
        "20261128.mp4",
        "2026-13-28_03-12-00.mp4",
        "2026-11-28_25-12-00.mp4",
        "1904-01-01_00-00-00.mp4",
        "1234567890123456789.mp4",
        "Normal_Videos_050_x264.mp4",
    ],
)
def test_other_names_say_nothing(name):
    assert filmed_at(Path("cam") / name) is None


def test_the_container_is_asked_after_the_name():
    tags = {"creation_time": "2025-01-02T03:04:05.000000Z"}
    assert filmed_at(Path("2026-11-28_03-12-00.mp4"), tags) == MOMENT
    assert filmed_at(Path("gate.mp4"), tags) == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_name_in_utc():
    assert filmed_at(Path("gate_20261128T031200Z.mp4")) == MOMENT.replace(tzinfo=UTC)


def test_a_phone_says_its_own_time_zone():
    tags = {
        "creation_time": "2026-11-28T02:12:00.000000Z",
        "com.apple.quicktime.creationdate": "2026-11-28T03:12:00+0100",
    }
    expected = MOMENT.replace(tzinfo=timezone(timedelta(hours=1)))
    assert filmed_at(Path("IMG_1.mov"), tags) == expected


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00Z", "1904-01-01T00:00:00Z", "2026-11-28", "yesterday", ""]
)
def test_a_clock_that_was_never_set_says_nothing(text):
    assert filmed_at(Path("gate.mp4"), {"creation_time": text}) is None
