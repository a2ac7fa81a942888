"""Zones in files: what people write, what travels in a manifest, and what is refused."""

import json

import pytest

from oddframe.errors import OddframeError
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video
from oddframe.zones.zone import Zone, Zones
from oddframe.zones.zone_file import read_zones, rows_of, zones_from

GOOD = """zones:
  - name: clock
    kind: ignore
    polygon: [[0, 0], [0.3, 0], [0.3, 0.1], [0, 0.1]]
  - {name: front door, kind: watch, sensitivity: 1.5, polygon: [[0.5, 0.5], [1, 0.5], [1, 1]]}
"""
ZONES = Zones(
    (
        Zone("clock", "ignore", ((0, 0), (0.3, 0), (0.3, 0.1), (0, 0.1))),
        Zone("front door", "watch", ((0.5, 0.5), (1, 0.5), (1, 1)), 1.5),
    )
)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "zones.yaml"
    path.write_text(GOOD)
    assert read_zones(path) == ZONES


def test_zones_survive_json():
    assert zones_from(json.loads(json.dumps(rows_of(ZONES)))) == ZONES


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("polygon:", "poligon:", "unknown key 'zones[0].poligon'; did you mean 'polygon'?"),
        ("zones:", "zone:", "unknown key 'zone'; did you mean 'zones'?"),
        ("kind: ignore", "kind: mask", "'zones[0].kind': expected one of ignore, watch, found"),
        ("name: clock", "name: front door", "zone 'front door': there are two of that name"),
        ("[[0, 0], [0.3, 0], [0.3, 0.1], [0, 0.1]]", "[]", "expected 3 to 200 corners, found 0"),
        ("[0, 0]", "0", "'zones[0].polygon': expected corners [x, y], numbers from 0 to 1, found"),
        ("[0, 0]", "[0, 0, 1]", "expected corners [x, y]"),
        ("[0.3, 0.1]", "[30, 10]", "zone 'clock': expected corners inside the picture"),
        ("    kind: ignore\n", "", "'zones[0].kind' is missing"),
        ("sensitivity: 1.5", "sensitivity: -1", "'zones[1].sensitivity': expected a number, 0 or"),
        ("sensitivity: 1.5", "sensitivity: 0", "zone 'front door': expected a sensitivity from"),
        (GOOD, "zones: []\n", "there are no zones in it"),
        (GOOD, "zones: {}\n", "'zones': expected a list"),
    ],
)
def test_what_is_none_is_refused_in_one_line_with_the_file(tmp_path, before, after, said):
    path = tmp_path / "zones.yaml"
    path.write_text(GOOD.replace(before, after, 1))
    with pytest.raises(OddframeError) as error:
        read_zones(path)
    assert str(error.value).startswith(f"{path}: ")
    assert str(error.value).count(str(path)) == 1
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_manifest_keeps_zones_and_one_without_is_the_very_same_file(tmp_path):
    video = Video("a", "a.mp4", "test", None, 40, 10.0, 96, 64)
    without = Manifest("set", (video,), tmp_path)
    assert '"zones"' not in without.write(tmp_path / "without.jsonl").read_text()
    zoned = Manifest("set", (Video(**vars_of(video), zones=ZONES),), tmp_path)
    path = zoned.write(tmp_path / "with.jsonl")
    assert Manifest.read(path) == zoned
    row = json.loads(path.read_text().splitlines()[1])
    row["zones"][0]["polygon"] = [[0, 0], [1, 1]]
    path.write_text(path.read_text().splitlines()[0] + "\n" + json.dumps(row) + "\n")
    with pytest.raises(OddframeError, match=r"line 2: .*zone 'clock': expected 3 to 200 corners"):
        Manifest.read(path)


def vars_of(video):
    names = ("id", "path", "split", "label", "frames", "fps", "width", "height")
    return {name: getattr(video, name) for name in names}
