"""How differences between models are put to a person."""

from __future__ import annotations

from oddframe.evaluation.intervals import LEVEL
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.reporting.wording import number


def difference_in_words(first: str, second: str, metric: str, gap: Measured) -> str:
    """A paired difference as one sentence."""
    label = metric_name(metric).label
    if gap.value is None:
        return f"{label} of {first} and {second} cannot be compared: {gap.note}."
    if gap.value == 0:
        claim = f"{label} of {first} equals that of {second}"
    else:
        side = "higher" if gap.value > 0 else "lower"
        claim = f"{label} of {first} is {side} than that of {second} by {abs(gap.value):.4g}"
    if gap.low is None or gap.high is None:
        return f"{claim}; {gap.note}."
    interval = f"95 % interval of the difference {gap.low:.4g} to {gap.high:.4g}"
    if gap.excludes_zero:
        return (
            f"{claim} ({interval}): it excludes zero, so the difference is unlikely to be chance "
            "in the choice of videos."
        )
    return f"{claim} ({interval}): it includes zero, so it may be chance."


def oracle_in_words(name: str, metric: str, gap: Measured) -> str:
    """What selection on the test videos would have changed, as one sentence.

    Args:
        name: name of the model.
        metric: name of the metric.
        gap: oracle minus selected.
    """
    metric = metric_name(metric).label
    if gap.value is None:
        return f"{name}: oracle and selected {metric} cannot be compared: {gap.note}."
    change = f"added {gap.value:.4g} to" if gap.value >= 0 else f"taken {-gap.value:.4g} from"
    claim = f"{name}: selection on the test videos would have {change} {metric}"
    if gap.low is None or gap.high is None:
        return f"{claim}; {gap.note}."
    return f"{claim} (95 % interval {gap.low:.4g} to {gap.high:.4g})."


def caution(pairs: int) -> str:
    """What to expect of many intervals at once; empty for one or two pairs."""
    if pairs <= 2:
        return ""
    return (
        f"Of {pairs} pairs in one metric, {pairs * (1 - LEVEL):.2g} would be expected to exclude "
        "zero by chance alone even if no two models differed: each interval is a 95 % interval of "
        f"its own. A model is called better only where the interval that is corrected for {pairs} "
        "pairs excludes zero too."
    )


def signed(part: Measured) -> str:
    """``+0.031``; a dash where the difference is undefined."""
    if part.value is None:
        return "–"
    return f"{'+' if part.value > 0 else ''}{number(part.value)}"
