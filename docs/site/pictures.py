"""Draws what detectors see of one frame of the demo's scene: ``docs/pictures/NAME.png``.

``python docs/site/pictures.py`` renders a small scene, fits what is fitted in a minute or is never
trained, and draws the map of each over the same frame, with somebody on a bicycle in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

import oddframe
from oddframe.datasets.synthetic import SceneConfig, prepare_scene
from oddframe.reporting.drawing.heat import heat_reference, overlay_heat
from oddframe.scores.maps import MAPS, read_maps

DETECTORS = ("fixed-camera", "unmasking", "giorno")
"""Tried and left out: ``mc2st``, whose quarters are those of ``unmasking`` here, and
``deep-appearance``, whose map stays below half of its threshold."""
SHOWN = "cyclist"
COLOURS = 96
"""A palette, so that a picture of noise and texture stays below 60 kB."""
TARGET = Path(__file__).resolve().parents[1] / "pictures"


def main() -> None:
    """Draw them all."""
    os.environ["ODDFRAME_TRACK"] = "none"
    TARGET.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        scene = prepare_scene(place / "scene", SceneConfig(4, 4, 8), seed=2)
        scene.write(place / "scene.jsonl")
        video, event = next(
            (video, event)
            for video in scene.split("test")
            for event in video.events
            if event.name == SHOWN
        )
        at, film = (event.start + event.end) // 2, scene.locate(video)
        with oddframe.open_video(film, video.fps) as frames:
            image = next(frame.rgb() for frame in frames if frame.index == at)
        for name in DETECTORS:
            run = place / name
            oddframe.train(place / "scene.jsonl", run, detector=name)
            scored = oddframe.score(run, film, out=run / "scores.npz")
            (key,) = scored.scores
            threshold = oddframe.open_run(run).threshold
            reference = heat_reference(threshold, [scored.scores[key]])
            score_map = read_maps(run / MAPS, [key])[key][at]
            drawn = image if reference is None else overlay_heat(image, score_map, reference)
            picture = Image.fromarray(drawn).quantize(COLOURS, dither=Image.Dither.NONE)
            picture.save(TARGET / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
