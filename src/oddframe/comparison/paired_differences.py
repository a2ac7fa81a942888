"""What two models differ by on the same videos, and whether one of them may be called better.

Two things make a difference that is none: the choice of the videos, and the seed of a training. The
first is in the interval, over resamples that are alike for both; with many pairs some intervals
exclude zero by chance, so *better* is said only where the interval does so that is corrected for
their number (Bonferroni's, over the pairs of one metric). The second shows where both models were
trained with several seeds; where they were not, the verdict says "one seed".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.comparison.wording import difference_in_words
from oddframe.evaluation.intervals import LEVEL, Draws, differences_at
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.metric_samples import why_undefined
from oddframe.evaluation.result import Measured
from oddframe.numerics.quantiles import student_quantile

CHANCE = "may be chance"


@dataclass(frozen=True)
class PairedDifference:
    """First minus second in one metric, over the same resamples.

    Attributes:
        first, second: names of the score sets.
        metric: name of the metric.
        value: the difference with its 95 % interval.
        words: the difference as a sentence, which says whether the interval excludes zero.
        verdict: in a few words which of the two is better, if one is.
        clear: whether the interval excludes zero also once it is corrected for the number of pairs.
    """

    first: str
    second: str
    metric: str
    value: Measured
    words: str
    verdict: str = ""
    clear: bool = False


def paired_differences(
    samples: Mapping[str, Mapping[str, np.ndarray]],
    repeats: Mapping[str, Mapping[str, Sequence[float | None]]],
    pairs: Sequence[tuple[str, str]],
    draws: Draws,
) -> list[PairedDifference]:
    """Every pair in every metric.

    Args:
        samples: name of a model to metric to ``(1 + resamples,)``.
        repeats: name of a model with several seeds to metric to the value of each seed.
        pairs: names of the models that are compared.
        draws: the resamples.
    """
    found = []
    corrected = 1 - (1 - LEVEL) / max(len(pairs), 1)
    for first, second in pairs:
        one, other = samples[first], samples[second]
        levels = (LEVEL, corrected)
        gaps, wide = differences_at(levels, one, other, draws, why_undefined)
        for metric, gap in gaps.items():
            clear = wide[metric].excludes_zero
            seeds = [repeats.get(name, {}).get(metric, ()) for name in (first, second)]
            words = difference_in_words(first, second, metric, gap)
            verdict = _verdict(first, second, metric, gap, clear, seeds)
            if gap.excludes_zero and len(pairs) > 1 and not clear:
                words += f" Corrected for {len(pairs)} pairs it includes zero."
            if clear:
                words += f" Verdict: {verdict}."
            found.append(PairedDifference(first, second, metric, gap, words, verdict, clear))
    return found


def beyond_the_seeds(first: Sequence[float | None], second: Sequence[float | None]) -> bool:
    """Whether two means over seeds differ by more than the seeds' spread explains.

    Welch's test at the level of the intervals.

    Args:
        first, second: the value of each seed, at least two each, all defined.
    """
    groups = [np.array(part, dtype=float) for part in (first, second)]
    gap = abs(groups[0].mean() - groups[1].mean())
    parts = np.array([part.var(ddof=1) / len(part) for part in groups])
    if not parts.any():
        return bool(gap > 0)
    freedom = np.array([len(part) - 1 for part in groups])
    degrees = parts.sum() ** 2 / (parts**2 / freedom).sum()
    return bool(gap > student_quantile(degrees, (1 + LEVEL) / 2) * np.sqrt(parts.sum()))


def _verdict(
    first: str,
    second: str,
    metric: str,
    gap: Measured,
    clear: bool,
    seeds: Sequence[Sequence[float | None]],
) -> str:
    """Which of the two is better, if that can be said."""
    if gap.value is None or gap.low is None or gap.high is None:
        return gap.note
    if gap.low == gap.value == gap.high == 0:
        return "equal"
    if not gap.excludes_zero:
        return CHANCE
    if not clear:
        return f"{CHANCE}: one of several pairs"
    higher, lower = (first, second) if gap.value > 0 else (second, first)
    better = lower if metric_name(metric).lower_is_better else higher
    if min(map(len, seeds)) < 2 or any(value is None for part in seeds for value in part):
        return f"{better} is better on such videos; one seed"
    if beyond_the_seeds(*seeds):
        return f"{better} is better"
    return "may be the seed"
