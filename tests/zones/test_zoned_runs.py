"""A run that was trained with zones: what is ignored rings no more, all else rings as before."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from tests.made.fixed_camera import png_folder
from tests.made.made_once import MadeOnce

from oddframe.cli import main
from oddframe.runs.run_folder import read_run
from oddframe.scores.detections import Detection
from oddframe.scores.events_file import read_events
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video
from oddframe.zones.zone_file import read_zones

CORNERS = "[[0.3, 0], [0.75, 0], [0.75, 0.23], [0.3, 0.23]]"
SCREEN = f"zones: [{{name: screen, kind: ignore, polygon: {CORNERS}}}]"
"""Above the lanes of the street."""


def flicker(image: np.ndarray, time: float) -> None:
    """A television that shows something else twice a second, from second 3 on."""
    if time >= 3:
        shown = np.random.default_rng(int(2 * time)).integers(0, 256, (4, 12, 3)).astype("f4")
        image[2:16, 42:92] = cv2.resize(shown, (50, 14), interpolation=cv2.INTER_NEAREST)


def clock(image: np.ndarray, time: float) -> None:
    """A burnt-in clock, from second 3 on."""
    if time >= 3:
        box, digits = np.zeros((14, 50, 3), np.uint8), f"{int(time):02}:{int(7 * time) % 60:02}"
        cv2.putText(box, digits, (1, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255))
        image[2:16, 42:92] = box


@pytest.fixture(scope="session")
def screened(street, made_once: MadeOnce) -> Path:
    """The street's run, trained with the screen ignored, and folders of lossless pictures."""

    def make(root: Path) -> None:
        (root / "zones.yaml").write_text(SCREEN)
        command = ["train", str(street.root / "normal"), "--out", str(root / "run")]
        zones = ["--zones", str(root / "zones.yaml")]
        assert main([*command, *street.options(), *zones, "--drill", "false"]) == 0

        def both(*extras):
            def draw(image, time):
                for extra in extras:
                    extra(image, time)

            return draw

        videos = []
        for name, extra in (
            ("calm", None),
            ("flicker", flicker),
            ("clock", clock),
            ("fast", street.fast),
            ("both", both(street.fast, flicker)),
        ):
            images = street.images(8, 60, extra)
            png_folder(root / name, images)
            size = street.width, street.height
            videos.append(Video(name, name, "test", None, len(images), street.fps, *size))
        Manifest("street", tuple(videos), Path()).write(root / "street.jsonl")
        few = tuple(video for video in videos if video.id in ("calm", "fast"))
        Manifest("street", few, Path()).write(root / "few.jsonl")

    return made_once("screened", make)


@dataclass(frozen=True)
class Judged:
    """Scores, events and these as intervals, and what is said of the scores."""

    values: dict[str, np.ndarray]
    told: dict[str, list[Detection]]
    events: dict[str, list[tuple[int, int]]]
    meta: dict[str, Any]


def judged(
    run: Path, screened: Path, out: Path, *more: str, videos: str = "street.jsonl"
) -> Judged:
    command = ["score", str(run), str(screened / videos), "--out", str(out / "scores.npz")]
    assert main([*command, "--maps", "false", *more]) == 0
    found = read_events(out / "events.json")
    scores = Scores.read(out / "scores.npz")
    events = {name: [(one.start, one.end) for one in those] for name, those in found.items()}
    return Judged(dict(scores.values), found, events, dict(scores.meta))


def test_what_is_ignored_is_silent_and_all_else_is_found_as_before(
    street, screened, tmp_path, capsys
):
    without = judged(street.run, screened, tmp_path / "without")
    zoned = judged(screened / "run", screened, tmp_path / "zoned")
    assert not without.events["calm"]
    assert without.events["flicker"]
    assert without.events["clock"]
    assert zoned.events["calm"] == zoned.events["flicker"] == zoned.events["clock"] == []
    # No pixel of it was seen, so that not even a rounding differs.
    for name, same in (("flicker", "calm"), ("clock", "calm"), ("both", "fast")):
        assert np.array_equal(zoned.values[name], zoned.values[same])
        assert not np.array_equal(without.values[name], without.values[same])
    for found in (without.events["fast"], zoned.events["fast"], zoned.events["both"]):
        (start, end), *others = found
        assert start < street.event[1]
        assert end > street.event[0]
        assert not others

    # The run's own zones are those of the file, and are told with the scores.
    zones = read_zones(screened / "zones.yaml")
    assert read_run(screened / "run").zones == zones
    said = yaml.safe_load((screened / "run" / "config.yaml").read_text())["zones"]
    assert [part["name"] for part in said] == ["screen"]
    assert zoned.meta["zones"] == said
    assert "zones" not in without.meta

    # The same folder with other zones: all is scored anew, and that they were not learnt is said.
    capsys.readouterr()
    given = judged(
        street.run, screened, tmp_path / "without", "--zones", str(screened / "zones.yaml")
    )
    said_of_it = (
        "the zones to ignore (screen) are others than those that the run learnt with (none)"
    )
    assert said_of_it in capsys.readouterr().err
    assert np.array_equal(given.values["clock"], given.values["calm"])
    assert given.meta["zones"] == said


def watching(path: Path, sensitivity: float, polygon: str) -> list[str]:
    zone = f"{{name: lanes, kind: watch, polygon: {polygon}, sensitivity: {sensitivity}}}"
    path.write_text(f"zones: [{zone}]")
    return ["--zones", str(path)]


def test_what_is_odd_in_a_watched_zone_is_told_and_weighs_as_it_should(street, screened, tmp_path):
    everywhere, file = "[[0, 0], [1, 0], [1, 1], [0, 1]]", tmp_path / "watch.yaml"
    few = partial(judged, street.run, screened, videos="few.jsonl")
    plain = few(tmp_path / "plain")
    assert all(not event.zone for event in plain.told["fast"])

    # Sensitivity 1 changes no bit; the walker is in the zone, and not in one elsewhere.
    lanes = few(tmp_path, *watching(file, 1, everywhere))
    assert all(np.array_equal(lanes.values[name], plain.values[name]) for name in plain.values)
    assert lanes.events == plain.events
    assert {event.zone for event in lanes.told["fast"]} == {"lanes"}
    foot = "[[0, 0.95], [1, 0.95], [1, 1], [0, 1]]"
    away = few(tmp_path, *watching(file, 0.01, foot))
    assert away.events["fast"] == plain.events["fast"]
    assert {event.zone for event in away.told["fast"]} == {""}

    # Before smoothing, which there is none of here, each score is so many times what it was.
    causal = few(tmp_path / "plain", "--causal")
    for sensitivity in (0.125, 8):
        other = few(tmp_path, "--causal", *watching(file, sensitivity, everywhere))
        for name, values in causal.values.items():
            assert np.array_equal(other.values[name], values * np.float32(sensitivity))
        if sensitivity < 1:
            assert not other.events["fast"]
        else:
            assert other.told["calm"]
            for event in other.told["calm"]:
                assert (event.zone, bool(event.reason), bool(event.boxes)) == ("lanes", True, True)


def test_a_run_goes_on_with_its_own_zones(street, screened, tmp_path, capsys):
    command = ["train", str(street.root / "normal"), "--out", str(screened / "run"), "--resume"]
    assert main([*command, "--drill", "false"]) == 0
    other = tmp_path / "other.yaml"
    other.write_text(SCREEN.replace("0.23", "0.5"))
    capsys.readouterr()
    assert main([*command, "--drill", "false", "--zones", str(other)]) == 2
    assert "this run was begun with zones" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SCREEN.replace("[0.75, 0]", "[1.75, 0]"), "from 0 to 1 to the right and down"),
        (
            "zones: [{name: a, kind: ignore, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}]",
            "whole pic",
        ),
    ],
)
def test_zones_that_are_none_are_refused_before_anything_is_made(
    street, tmp_path, capsys, text, said
):
    path = tmp_path / "zones.yaml"
    path.write_text(text)
    command = ["train", str(street.root / "normal"), "--out", str(tmp_path / "run")]
    assert main([*command, "--zones", str(path), *street.options()]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "run" / "checkpoint.pt").exists()
