"""What a detector is excused from of what every one of them promises, and why."""

from __future__ import annotations

import pytest
from tests.made.small_settings import short_name

_UNLIKE_OTHERS = (
    "it compares a video with itself, and what is odd there is that in two seconds of six a thing "
    "stands, or runs among others that walk: their own tests say what it finds"
)
_STANDS = "what is planted stands, and is news only for the moments that it is compared with"
EXCEPTIONS: dict[str, dict[str, str]] = {
    "dcgan": {
        "higher_is_odder": "its authors trained it to make images, not as a detector",
        "losses_in_half_precision_are_finite_and_in_single": "its softplus has the precision of "
        "the discriminator's answer; bfloat16 has the range of single",
        "losses_fall": "generator and discriminator work against each other; neither's loss falls",
    },
    "giorno": {
        "higher_is_odder": _UNLIKE_OTHERS,
        "maps_and_boxes_are_where_the_picture_is_odd": _STANDS,
    },
    "mc2st": {
        "higher_is_odder": _UNLIKE_OTHERS,
        "maps_and_boxes_are_where_the_picture_is_odd": _STANDS,
    },
    "mnad": {
        "losses_add_up": "its terms are shown before they are weighted",
    },
    "ognet": {
        "losses_fall": "its discriminator learns fast here, so the adversarial half of the "
        "generator's loss rises",
    },
    "random-scores": {
        "features_of_another_width_are_refused": "it looks at no channel, so any width will do",
        "higher_is_odder": "it knows nothing, on purpose: what others are compared with",
        "order_of_crops": "its random numbers follow from a checksum of the first crop",
        "scores_are_the_mean_of_those_of_each_crop": "as above",
    },
    "unmasking": {
        "higher_is_odder": _UNLIKE_OTHERS,
        "maps_and_boxes_are_where_the_picture_is_odd": _STANDS,
    },
}
"""Detector to the checks it does not pass. Strict: one that passes must leave the table."""


SEES_NO_PACE = {"ognet"}
"""Detectors that judge single pictures: in these a thing that is only faster looks as it always
does, and its rank is the last digit of the machine (AUC .64 on one, above .7 on another)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
            continue
        check = item.originalname.removeprefix("test_")
        reason = EXCEPTIONS.get(short_name(str(item.callspec.params.get("name"))), {}).get(check)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
