"""Where in the picture a frame is odd, in which watched zone, and what that makes of its score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oddframe.calibration.places import odd_boxes
from oddframe.detectors.frame_score import FrameScore
from oddframe.errors import OddframeError
from oddframe.zones.zone import Zone, Zones


def place_of(score: FrameScore, size: tuple[int, int]) -> tuple[float, float] | None:
    """The middle of the oddest place, right and down as shares of the picture; None if unknown.

    Args:
        score: of a frame; where it is below its detector's threshold it has no boxes, and the
            highest cell of its map counts.
        size: width and height of the frame's picture, in pixels.
    """
    if score.boxes:
        x1, y1, x2, y2 = score.boxes[0]
        return _share((x1 + x2) / 2 / size[0]), _share((y1 + y2) / 2 / size[1])
    if score.score_map is None:
        return None
    rows, columns = score.score_map.shape
    row, column = np.unravel_index(int(score.score_map.argmax()), (rows, columns))
    return (float(column) + 0.5) / columns, (float(row) + 0.5) / rows


def zone_of(score: FrameScore, size: tuple[int, int], zones: Zones) -> Zone | None:
    """The watched zone in which something odd is; None outside of all, or where that is unknown."""
    if not zones.watched:
        return None
    place = place_of(score, size)
    return None if place is None else zones.at(*place)


def check_sensitivity(zones: Zones, places: bool, who: str) -> None:
    """Refuse zones with a sensitivity of their own where nobody knows in which something is.

    Args:
        zones: of the picture.
        places: whether the detector says where something is odd.
        who: how the message calls it.

    Raises:
        OddframeError: it does not.
    """
    if not places and any(zone.sensitivity != 1 for zone in zones):
        raise OddframeError(
            f"{who} does not say where something is odd, so zones have no sensitivity of their "
            "own; leave it out of them"
        )


def weighed(
    score: FrameScore, size: tuple[int, int], zones: Zones, threshold: float
) -> tuple[FrameScore, str]:
    """The score of a frame by the sensitivity of the zone that is odd, and the zone's name.

    The map stays as it is. What passes the threshold only for its zone has that for a reason.

    Args:
        score: as the detector gives it.
        size: width and height of the frame's picture, in pixels.
        zones: of the picture.
        threshold: the detector's own.
    """
    zone = zone_of(score, size, zones) if score.tested else None
    if zone is None:
        return score, ""
    if zone.sensitivity == 1:
        return score, zone.name
    value = score.value * zone.sensitivity
    began = tuple(replace(one, score=one.score * zone.sensitivity) for one in score.began)
    result = replace(score, value=value, began=began)
    if value > threshold and not score.reason:
        boxes = score.boxes
        if not boxes and score.score_map is not None:
            boxes = odd_boxes(score.score_map, *size)
        result = replace(result, cue="zone", reason=f"odd for the zone {zone.name}", boxes=boxes)
    return result, zone.name


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
