"""The sample pictures that a training left in its run, the first, middle and last in a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2

from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.pages.figures import Chart, data_uri

QUALITY = 90
"""Quality of the JPEGs inside the page; the files beside it stay as they are."""


@dataclass(frozen=True)
class TrainingSamples:
    """Some of the pictures that training made.

    Attributes:
        which: ``The first, the middle and the last of the 9 pictures``.
        charts: those that are shown.
    """

    template: ClassVar[str] = "report/samples.html"
    which: str
    charts: Sequence[Chart]


def samples_section(folder: Path, samples: Sequence[Path]) -> TrainingSamples | None:
    """Copy three pictures to ``samples/`` in the folder and return them for a page.

    Args:
        folder: folder of the report.
        samples: ``step-<number>.png`` files, the earliest first; nothing is shown without any.

    Raises:
        OddframeError: a file that is no picture, or a folder that cannot be written.
    """
    if not samples:
        return None
    chosen = dict.fromkeys((samples[0], samples[len(samples) // 2], samples[-1]))
    charts = []
    for path in chosen:
        image = cv2.imread(str(path))
        if image is None:
            raise OddframeError(f"{path}: cannot be read as a picture; delete it")
        content = path.read_bytes()
        with atomic_path(folder / "samples" / path.name) as temporary:
            temporary.write_bytes(content)
        _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        step = re.fullmatch(r"step-(\d+)", path.stem)
        caption = f"After {count(int(step[1]), 'step')}" if step else path.stem
        charts.append(Chart(data_uri(jpeg.tobytes()), said=caption, caption=caption))
    which = "The" if len(chosen) == len(samples) else "The first, the middle and the last of the"
    return TrainingSamples(f"{which} {count(len(samples), 'picture')}", charts)
