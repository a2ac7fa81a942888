"""Still pictures of a video for the report: plain frames to look through, and detected events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from oddframe.media.grey_levels import Levels
from oddframe.media.opening import open_video
from oddframe.pages.colours import DETECTION
from oddframe.reporting.drawing.heat import overlay_heat
from oddframe.scores.detections import Detection

STRIP_SIZE = (240, 180)
"""Frames of a strip are shrunk to fit this (width, height); they are never enlarged."""

EVENT_SIZE = (480, 360)
"""Pictures of events fill this (width, height), so that boxes are crisp on small videos too."""

MOST_FRAMES = 120
LEAST_FRAMES = 24
"""About one frame per second of video, but at most and (if it has so many) at least these."""


@dataclass(frozen=True)
class Strip:
    """Frames of a video, left to right and top to bottom in one JPEG.

    Attributes:
        jpeg: the encoded picture.
        frames: index of each frame shown, increasing.
        columns, rows: the grid; the last row may be part empty.
    """

    jpeg: bytes
    frames: tuple[int, ...]
    columns: int
    rows: int


@dataclass(frozen=True)
class VideoPictures:
    """The pictures of one video: its strip, and a JPEG per pictured detection (by its peak)."""

    strip: Strip | None = None
    events: dict[int, bytes] = field(default_factory=dict)


def choose_frames(
    frames: int, seconds: float, peaks: Sequence[int] = (), most: int = MOST_FRAMES
) -> list[int]:
    """Evenly spaced frames to look through a video, and the peaks of its detections."""
    count = min(frames, most, max(LEAST_FRAMES, min(MOST_FRAMES, round(seconds))))
    # The middle of each part: it is the nearest to all that the part holds.
    even = ((np.arange(count) + 0.5) / count * frames).astype(int)
    return sorted({*even.tolist(), *peaks})


def draw_event(
    image: np.ndarray,
    detection: Detection,
    score_map: np.ndarray | None = None,
    reference: float | None = None,
) -> np.ndarray:
    """The frame that a detection's boxes are of, with the score map over it and the boxes.

    Args:
        image: uint8 RGB ``(height, width, 3)`` of the video's own size.
        detection: gives the boxes.
        score_map: ``(h, w)`` at that frame.
        reference: map value that is drawn clearly (see :func:`oddframe.reporting.drawing.heat`).

    Returns:
        uint8 RGB that fits ``EVENT_SIZE``.
    """
    return draw_places(image, detection.boxes, score_map, reference, EVENT_SIZE, enlarge=True)


def draw_places(
    image: np.ndarray,
    boxes: Iterable[tuple[int, int, int, int]],
    score_map: np.ndarray | None,
    reference: float | None,
    room: tuple[int, int],
    *,
    enlarge: bool,
) -> np.ndarray:
    """A picture with the score map over it and boxes.

    Args:
        image: uint8 RGB ``(height, width, 3)``.
        boxes: ``(x1, y1, x2, y2)`` in its pixels.
        score_map: ``(h, w)``.
        reference: map value that is drawn clearly (see :mod:`oddframe.reporting.drawing.heat`).
        room: (width, height) that the result fits.
        enlarge: whether a smaller picture fills them.

    Returns:
        uint8 RGB.
    """
    size = _fit((image.shape[1], image.shape[0]), room, enlarge)
    scale_x, scale_y = size[0] / image.shape[1], size[1] / image.shape[0]
    shrinks = scale_x < 1
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    if score_map is not None and reference is not None:
        picture = overlay_heat(picture, score_map, reference)
    for x1, y1, x2, y2 in boxes:
        corners = (
            (round(x1 * scale_x), round(y1 * scale_y)),
            (round(x2 * scale_x) - 1, round(y2 * scale_y) - 1),
        )
        cv2.rectangle(picture, *corners, (255, 255, 255), 4, cv2.LINE_AA)
        cv2.rectangle(picture, *corners, DETECTION, 2, cv2.LINE_AA)
    return picture


def draw_sight(jpeg: bytes, detection: Detection, size: tuple[int, int]) -> bytes | None:
    """A moment of the normal footage with the places of a detection, as a JPEG.

    Args:
        jpeg: what was seen.
        detection: gives the boxes.
        size: (width, height) of the video that these are pixels of.

    Returns:
        A picture that fits ``EVENT_SIZE``; None where what is given is none.
    """
    data = np.frombuffer(jpeg, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if image is None:
        return None
    width, height = _fit(size, EVENT_SIZE, enlarge=True)
    scale = width / size[0]
    boxes = [tuple(round(side * scale) for side in box) for box in detection.boxes]
    here = replace(detection, boxes=tuple((a, b, c, d) for a, b, c, d in boxes))
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    return jpeg_of(draw_event(image, here), 75)


def take_pictures(
    path: Path,
    frames: Sequence[int],
    detections: Sequence[Detection] = (),
    *,
    fps: float | None = None,
    levels: Levels | None = None,
    maps: np.ndarray | None = None,
    reference: float | None = None,
    strip_bytes: int = 1_000_000,
    advance: Callable[[int], object] | None = None,
) -> VideoPictures:
    """Read a video once and make its strip and the pictures of its events.

    Only the frames that are shown are converted from the decoder's form; the others just pass.

    Args:
        path: video file or folder of images.
        frames: increasing frame indices of the strip; those that do not decode are left out.
        detections: get a picture each, of the frame that their boxes are of.
        fps: frame rate of an image folder.
        levels: what becomes black and white in pictures deeper than 8 bits.
        maps: score maps ``(frames, h, w)``.
        reference: map value that is drawn clearly.
        strip_bytes: the strip's pictures shrink until the JPEG is at most so large.
        advance: called with 1 after each frame, for a progress bar.

    Raises:
        OddframeError: the video cannot be read.
    """
    small: dict[int, np.ndarray] = {}
    events: dict[int, bytes] = {}
    wanted = set(frames)
    pictured: dict[int, list[Detection]] = {}
    for detection in detections:
        pictured.setdefault(detection.pictured, []).append(detection)
    last = max(wanted | pictured.keys(), default=-1)
    with open_video(path, fps, levels) as video:
        size = _fit((video.info.width, video.info.height), STRIP_SIZE, enlarge=False)
        for frame in video:
            if frame.index > last:
                break
            if frame.index in wanted or frame.index in pictured:
                image = frame.rgb()
                if frame.index in wanted:
                    small[frame.index] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
                for detection in pictured.get(frame.index, ()):
                    score_map = None if maps is None else maps[frame.index]
                    event = draw_event(image, detection, score_map, reference)
                    events[detection.peak] = jpeg_of(event, 82)
            if advance is not None:
                advance(1)
    return VideoPictures(_strip(small, strip_bytes) if small else None, events)


def _strip(images: Mapping[int, np.ndarray], most_bytes: int) -> Strip:
    columns = min(len(images), 10)
    rows = -(-len(images) // columns)
    height, width = next(iter(images.values())).shape[:2]
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for place, image in enumerate(images.values()):
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height, left : left + width] = image
    jpeg = jpeg_of(sheet, 75)
    while len(jpeg) > most_bytes and min(height, width) > 8:
        height, width = round(height * 0.8), round(width * 0.8)
        size = (columns * width, rows * height)
        jpeg = jpeg_of(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), 70)
    return Strip(jpeg, tuple(images), columns, rows)


def _fit(size: tuple[int, int], room: tuple[int, int], enlarge: bool) -> tuple[int, int]:
    width, height = size
    scale = min(room[0] / width, room[1] / height)
    if not enlarge:
        scale = min(scale, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def jpeg_of(image: np.ndarray, quality: int) -> bytes:
    """An image, uint8 RGB ``(height, width, 3)``, as JPEG of a quality from 0 to 100."""
    ok, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert ok, "OpenCV encodes any uint8 RGB image as JPEG"
    return data.tobytes()
