"""How far detectors are from the published networks, which are written a second time beside them.

    python bench/published_parity.py --small            # all methods, as in the tests
    python bench/published_parity.py rtfm s3r mgfn      # at their published sizes

A state dict with the published names and random values is imported as a user would import it. Then
everything that can be told apart is compared: names, shapes and values of the tensors; frames made,
features, scores and terms of scores; every term of the loss; the gradient of every parameter and
the statistics of every norm after a step; with the dropout on (the same masks for both) and off. A
number is the largest difference in units of the largest number of its array; where that is tiny, as
of the gradient of a bias in front of a norm, which ought to be zero, in units of a ten thousandth
of the largest gradient of the step.

Steps are computed in double precision throughout (oddframe rounds features and scores to single,
which is left out), so what differs is a formula and not a rounding. Scores of videos are computed
as always. With ``--small`` the networks are narrow, and RTFM, S3R and MGFN have a second variant of
the loss.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import torch

import bag_parity
import frame_parity
from comparison import LIMIT, Compared
from oddframe.console.words import count
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
KEYS = HERE.parent / "tests" / "published_keys.json"
KINDS = (
    "names and shapes",
    "imported values",
    "settings",
    "outputs",
    "losses",
    "gradients",
    "statistics",
)
METHODS = (*bag_parity.SMALLER, *frame_parity.METHODS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", help=f"of {', '.join(METHODS)}; all by default")
    parser.add_argument("--small", action="store_true", help="small networks, as in the tests")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    unknown = set(options.methods) - set(METHODS)
    if unknown:
        parser.error(f"expected methods among {', '.join(METHODS)}, found {', '.join(unknown)}")
    head = provenance()
    lines = ["", f"{'method':<31}{'all':>6}" + "".join(f"{kind:>18}" for kind in KINDS)]
    result = []
    everything: list[Compared] = []
    for method in options.methods or METHODS:
        found = compare(method, small=options.small)
        cells = []
        for kind in KINDS:
            distances = [one.apart for one in found if one.kind == kind]
            cells.append(f"{len(distances)}, {max(distances):.0e}" if distances else "")
        lines.append(f"{method:<31}{len(found):>6}" + "".join(f"{cell:>18}" for cell in cells))
        worst = max(found, key=lambda one: one.apart)
        kept = {"method": method, "kinds": dict(Counter(one.kind for one in found))}
        result.append({**kept, "worst": [worst.kind, worst.of, worst.apart]})
        everything += found
    beyond = sum(not one.apart < LIMIT for one in everything)
    lines.append(f"\n{count(len(everything), 'comparison')}; {beyond} beyond {LIMIT:g}")
    publish(head, lines, result, options.out)


def compare(method: str, small: bool) -> list[Compared]:
    """Every comparison of one of :data:`METHODS`."""
    shapes = json.loads(KEYS.read_text())
    torch.manual_seed(0)
    if method in bag_parity.SMALLER:
        return bag_parity.compare(method, shapes[method], small)
    return frame_parity.compare(method, shapes, small)


if __name__ == "__main__":
    run(main)
