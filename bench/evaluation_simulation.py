"""How often intervals, differences and promises hold, on simulated scores whose truth is known.

    python bench/evaluation_simulation.py

**Coverage**: detectors on simulated videos (correlated noise, an offset per video, events that are
more or less obvious); the true micro and macro AUC is that of very many such videos. How often the
95 % interval holds it: by percentiles of the resamples, and as oddframe makes it. **Errors**: two
detectors that are equally good on average; how often the interval of their difference excludes
zero. **Promises**: normal footage with alarms at random moments; how often fresh footage has no
more than what was asked for, by the rule of before (at most k alarms, k = wanted x hours) and by
oddframe's, and with which sentence.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddframe.calibration.threshold import choose_threshold
from oddframe.evaluation.intervals import Draws, differences, summarise
from oddframe.media.clock import Clock
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
FRAMES = 120
SETS = ((12, 0), (6, 6), (20, 20), (40, 0), (5, 60), (18, 2))
"""Anomalous and normal videos; (5, 60) is a class of five videos against normal ones."""
VERY_MANY = 20_000
RATE = 20.0
"""Alarms an hour of simulated normal footage above 0; above t there are RATE exp(-t)."""


@dataclass(frozen=True)
class SimulatedVideos:
    """Scores and labels of videos, ``(videos, FRAMES)`` each."""

    scores: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(
        cls, generator: np.random.Generator, anomalous: int, normal: int, ease: float
    ) -> SimulatedVideos:
        """So many videos, the anomalous ones first, each with one event that sticks out."""
        videos = anomalous + normal
        noise = generator.normal(size=(videos, FRAMES))
        for frame in range(1, FRAMES):
            noise[:, frame] = 0.8 * noise[:, frame - 1] + 0.6 * noise[:, frame]
        length = generator.integers(20, 80, (videos, 1))
        start = (generator.random((videos, 1)) * (FRAMES - length)).astype(int)
        frames = np.arange(FRAMES)
        labels = (start <= frames) & (frames < start + length)
        labels[anomalous:] = False
        height = generator.normal(ease, 0.8, (videos, 1))
        offset = generator.normal(0, 0.8, (videos, 1))
        return cls(offset + noise + labels * height, labels)

    def blurred(self, generator: np.random.Generator) -> SimulatedVideos:
        """Another detector on the same videos: no better and no worse than a second such."""
        offset = generator.normal(0, 0.5, (len(self.scores), 1))
        noise = generator.normal(0, 0.5, self.scores.shape)
        return SimulatedVideos(self.scores + offset + noise, self.labels)

    def samples(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Micro and macro AUC on every resample, from the pairs between all videos."""
        positive = self.labels.sum(axis=1).astype(float)
        negative = FRAMES - positive
        pairs = np.zeros((len(positive), len(positive)))
        for place, (scores, labels) in enumerate(zip(self.scores, self.labels, strict=True)):
            below = np.searchsorted(np.sort(scores[~labels]), self.scores)
            pairs[:, place] = (below * self.labels).sum(axis=1)
        drawn = weights.astype(float)
        all_pairs = ((drawn @ pairs) * drawn).sum(axis=1)
        both = (positive > 0) & (negative > 0)
        own = np.divide(np.diag(pairs), positive * negative, out=np.zeros(len(both)), where=both)
        return {
            "micro_auc": all_pairs / ((drawn @ positive) * (drawn @ negative)),
            "macro_auc": (drawn @ own) / (drawn @ both),
        }


def true_values(generator: np.random.Generator, share: float, ease: float) -> dict[str, float]:
    """Micro and macro AUC of very many videos."""
    anomalous = round(VERY_MANY * share)
    many = SimulatedVideos.of(generator, anomalous, VERY_MANY - anomalous, ease)
    own = [auc(many.scores[place], many.labels[place]) for place in range(anomalous)]
    return {"micro_auc": auc(many.scores, many.labels), "macro_auc": float(np.mean(own))}


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of the pairs that are in order; scores have no ties."""
    below = np.searchsorted(np.sort(scores[~labels]), scores[labels])
    return float(below.mean() / (~labels).sum())


def percentiles(samples: np.ndarray) -> tuple[float, float]:
    """The interval as it was before."""
    low, high = np.percentile(samples[1:], (2.5, 97.5))
    return float(low), float(high)


def coverage(
    generator: np.random.Generator, videos: tuple[int, int], ease: float, times: int
) -> dict[str, float]:
    """Shares of the simulations: intervals that hold the truth, differences that exclude zero."""
    anomalous, normal = videos
    truth = true_values(generator, anomalous / (anomalous + normal), ease)
    kinds = np.arange(anomalous + normal) < anomalous
    found: Counter[str] = Counter()
    for seed in range(times):
        draws = Draws.of(kinds, 1000, seed)
        base = SimulatedVideos.of(generator, anomalous, normal, ease)
        samples = base.samples(draws.weights)
        first, second = (base.blurred(generator).samples(draws.weights) for _ in range(2))
        new, gaps = summarise(samples, draws, str), differences(first, second, draws, str)
        for name, true in truth.items():
            low, high = percentiles(samples[name])
            found[f"{name}, percentiles"] += low <= true <= high
            part = new[name]
            if part.low is None or part.high is None:
                found[f"{name}, none"] += 1
            else:
                found[f"{name}, t"] += part.low <= true <= part.high
            low, high = percentiles(first[name] - second[name])
            found[f"{name}, error by percentiles"] += not low <= 0 <= high
            gap = gaps[name]
            found[f"{name}, error by t"] += not (gap.low or 0) <= 0 <= (gap.high or 0)
    return truth | {name: count / times for name, count in found.items()}


def promise(
    generator: np.random.Generator, hours: float, wanted: float, times: int
) -> dict[str, float | str]:
    """How often fresh footage has at most the wanted alarms, and how many it has on average."""
    kept, rates, said, old_rates = [], [], "", []
    for _ in range(times):
        scores = np.zeros(int(hours * 3600))
        at = generator.choice(len(scores), generator.poisson(RATE * hours), replace=False)
        scores[at] = generator.exponential(size=len(at))
        found = choose_threshold([(scores, Clock(len(scores), 1.0))], hours, wanted)
        rates.append(RATE * np.exp(-found.value))
        kept.append(rates[-1] <= wanted)
        peaks = np.sort(scores)[::-1]
        old_rates.append(RATE * np.exp(-peaks[int(wanted * hours)]))
        said = found.sentence
    words = ("only shows", "on average", "at most")
    return {
        "sentence": next(part for part in words if part in said),
        "kept": float(np.mean(kept)),
        "mean": float(np.mean(rates)),
        "kept before": float(np.mean(np.array(old_rates) <= wanted)),
        "mean before": float(np.mean(old_rates)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=1000, help="simulations of a set of videos")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "evaluation_simulation.txt")
    options = parser.parse_args()

    head = provenance()
    generator = np.random.default_rng(0)
    result: dict[str, list[dict[str, float | str]]] = {"coverage": [], "promise": []}
    lines = ["", f"coverage of 95 % intervals, {options.times} simulations: percentiles, t"]
    lines += [f"{'videos':>10}{'AUC micro, macro':>20}{'micro':>14}{'macro':>14}"]
    lines[-1] += f"{'error micro':>16}{'error macro':>16}"
    for ease in (1.5, 4.0):
        for videos in SETS:
            row = coverage(generator, videos, ease, options.times)
            result["coverage"].append({"anomalous": videos[0], "normal": videos[1], **row})
            line = (
                f"{videos[0]:>5} +{videos[1]:>3}{row['micro_auc']:>12.3f}{row['macro_auc']:>8.3f}"
            )
            for before, now in (("percentiles", "t"), ("error by percentiles", "error by t")):
                for name in ("micro_auc", "macro_auc"):
                    old, new = (row.get(f"{name}, {part}", 0.0) for part in (before, now))
                    line += f"{old:>{7 + len(now) // 4}.3f}{new:>7.3f}"
            lines.append(line)
            print(line, flush=True)
    lines += ["", "at most 1 (0.2) false alarm an hour: kept by fresh footage, its mean"]
    lines += [
        f"{'hours':>7}{'wanted':>8}  {'sentence':<12}{'kept':>6}{'mean':>7}{'before: kept':>14}"
    ]
    lines[-1] += f"{'mean':>7}"
    for hours, wanted in (
        (0.1, 1),
        (0.5, 1),
        (0.99, 1),
        (1, 1),
        (2.4, 1),
        (5, 1),
        (10, 1),
        (20, 0.2),
    ):
        row = promise(generator, hours, wanted, 2 * options.times)
        result["promise"].append({"hours": hours, "wanted": wanted, **row})
        lines.append(
            f"{hours:>7}{wanted:>8}  {row['sentence']:<12}{row['kept']:>6.3f}{row['mean']:>7.2f}"
            f"{row['kept before']:>14.3f}{row['mean before']:>7.2f}"
        )
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
