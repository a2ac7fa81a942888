"""Numbers that papers report, for reading beside measured ones; never mixed with them.

They come from ``published_numbers.csv`` beside this file: a row per method, data set and metric,
in percent as papers print them. A row's protocol is one of :data:`PROTOCOLS`. To add a number, add
a row.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

PROTOCOLS: dict[str, str] = {
    "weak": (
        "trained with video-level labels; over all test frames; many papers report the checkpoint "
        "that was best on the test videos"
    ),
    "weak-resplit": (
        "the weakly supervised re-split of ShanghaiTech (238 training and 199 test videos, not the "
        "original split); trained with video-level labels; over all test frames; many papers "
        "report the checkpoint that was best on the test videos"
    ),
    "extra-labels": (
        "trained with more labels than the video-level ones, so not to be compared with "
        "methods that had only those"
    ),
    "training-free": (
        "no training on the data set: pretrained vision or language models are asked, or each test "
        "video is compared with itself; over all test frames"
    ),
    "one-class": (
        "trained on normal videos only; AUC over frames, many with scores scaled within each video"
    ),
    "one-class-original": (
        "the original split of ShanghaiTech (330 normal training and 107 test videos, not the "
        "weakly supervised re-split); trained on normal videos only; AUC over frames, many with "
        "scores scaled within each video"
    ),
}
"""Key of a protocol in the file to its words."""


@dataclass(frozen=True)
class Published:
    """One number that somebody else reported; nothing here measured it.

    Attributes:
        method: its name, with the variant where there are several.
        venue: where it appeared; may be empty.
        dataset: as in :attr:`oddframe.videos.manifest.Manifest.dataset`.
        metric: as in :attr:`oddframe.evaluation.result.Evaluation.metrics`.
        value: from 0 to 1.
        protocol: how methods of its kind are trained and measured, in words.
        source: who reported the number.
        note: what else must be known, such as a ground truth that was wrong; may be empty.
    """

    method: str
    venue: str
    dataset: str
    metric: str
    value: float
    protocol: str
    source: str
    note: str

    @property
    def printed(self) -> str:
        """The value with as many digits as were published, at least three."""
        return f"{self.value:.4f}".rstrip("0").ljust(5, "0")


def published_for(dataset: str) -> tuple[Published, ...]:
    """The published numbers of a data set, in the order of the file; none of an unknown one.

    The two protocols of ShanghaiTech are two data sets, ``shanghaitech`` and
    ``shanghaitech-weak``.
    """
    return tuple(
        Published(
            row["method"],
            row["venue"],
            row["dataset"],
            row["metric"],
            float(Decimal(row["percent"]) / 100),
            PROTOCOLS[row["protocol"]],
            row["source"],
            row["note"],
        )
        for row in _rows()
        if row["dataset"] == dataset
    )


def datasets_published() -> tuple[str, ...]:
    """The data sets that there are published numbers of."""
    return tuple(dict.fromkeys(row["dataset"] for row in _rows()))


def _rows() -> csv.DictReader[str]:
    table = files("oddframe.comparison") / "published_numbers.csv"
    return csv.DictReader(table.read_text(encoding="utf-8").splitlines())
