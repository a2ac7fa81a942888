"""Where no threshold says what is odd: which scores of a video stand out of its others at all.

Of a video in which something is always going on half of the frames may score as high as the
highest, and then the highest scores are no better than others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.files.plain_values import typed
from oddframe.scores.untested import untested_spans, were_tested

STANDS_OUT = "stands_out_above_the_middle"
"""In ``meta`` of scores without a threshold: a :class:`StandsOut`, where the detector has one."""


@dataclass(frozen=True)
class StandsOut:
    """How much higher than the middle score of its video a score must be to be another one.

    Attributes:
        times: so many times the median of all its frames.
        plus: and so much more.
    """

    times: float = 1.0
    plus: float = 0.0


def stated_rule(meta: Mapping[str, Any]) -> StandsOut | None:
    """The rule that travels with scores; None without one.

    Raises:
        OddframeError: something else is there.
    """
    stated = meta.get(STANDS_OUT)
    return None if stated is None else typed(stated, StandsOut, f"'{STANDS_OUT}' in the meta data")


def levels(scores: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> dict[str, float]:
    """Video id to the score above which a moment of it stands out.

    Args:
        scores: video id to ``(frames,)``, as the detector gave them.
        meta: what travels with them.

    Returns:
        Nothing where the detector does not say how far scores must be apart.

    Raises:
        OddframeError: something else is stated there.
    """
    rule = stated_rule(meta)
    if rule is None:
        return {}
    return {n: rule.times * float(np.median(part)) + rule.plus for n, part in scores.items()}


def flat_videos(scores: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> list[str]:
    """Ids of the videos with tested frames of which none stands out; arguments of :func:`levels`.

    Raises:
        OddframeError: something else is stated there.
    """
    found, spans = levels(scores, meta), untested_spans(meta)
    flat = []
    for name, level in found.items():
        tested = scores[name][were_tested(spans.get(name, ()), len(scores[name]))]
        if tested.size and float(tested.max()) <= level:
            flat.append(name)
    return flat
