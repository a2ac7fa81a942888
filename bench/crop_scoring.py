"""Scoring bags of ten crops: as many crops together as the bound allows, beside one by one.

    python bench/crop_scoring.py

RTFM as it was published, on random features of 2048 channels. Times are processor seconds of one
thread, so that other work on the machine matters less; the best of a few runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from oddframe.bags.snippets import BagShape
from oddframe.detectors.weakly_supervised.rtfm import RTFM, RTFMConfig
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
CROPS, CHANNELS = 10, 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--snippets", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "crop_scoring.txt")
    options = parser.parse_args()

    torch.set_num_threads(1)
    head = provenance()
    detector = RTFM(RTFMConfig(), BagShape(CROPS, CHANNELS))
    generator = np.random.default_rng(0)
    lines = ["", f"{'snippets':>8}{'one by one':>14}{'together':>12}{'ratio':>8}{'apart':>10}"]
    result = []
    for snippets in options.snippets:
        bag = generator.random((snippets, CROPS, CHANNELS), dtype=np.float32)
        alone_seconds, expected = best(partial(alone, detector, bag), options.runs)
        seconds, scores = best(partial(detector.score_snippets, bag), options.runs)
        ratio, apart = seconds / alone_seconds, float(np.abs(scores - expected).max())
        lines.append(
            f"{snippets:8}{alone_seconds:12.3f} s{seconds:10.3f} s{ratio:8.2f}{apart:10.0e}"
        )
        result.append({"snippets": snippets, "alone": alone_seconds, "together": seconds})
        result[-1] |= {"ratio": ratio, "apart": apart}
    publish(head, lines, result, options.out)


def alone(detector: RTFM, bag: np.ndarray) -> np.ndarray:
    return np.mean([detector.score_snippets(bag[:, [crop]]) for crop in range(CROPS)], axis=0)


def best(work: Callable[[], np.ndarray], runs: int) -> tuple[float, np.ndarray]:
    times = []
    for _ in range(runs):
        started = time.process_time()
        scores = work()
        times.append(time.process_time() - started)
    return min(times), scores


if __name__ == "__main__":
    run(main)
