"""Reading one picture file, and a decoded picture as a frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.media.frames import MOST_PIXELS, Resampling, check_size, grey_of, resize
from oddframe.media.grey_levels import Levels

DEEP = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
_FORMATS = ("JPEG", "PNG", "BMP", "DIB", "TIFF", "WEBP", "JPEG2000", "PPM")


def read_picture(file: Path) -> np.ndarray | None:
    """RGB ``(height, width, 3)`` or grey ``(height, width)`` in the file's own depth.

    None if the file cannot be decoded.

    Raises:
        OddframeError: more pixels than fit in memory.
    """
    check_header(file)
    try:
        image = cv2.imread(str(file), DEEP)
    except cv2.error:
        return None
    return None if image is None or image.size == 0 else in_rgb(image)


def check_header(file: Path) -> None:
    """Refuse a picture whose header claims more pixels than fit in memory.

    Raises:
        OddframeError: it does.
    """
    from PIL import Image

    try:
        with Image.open(file, formats=_FORMATS) as picture:
            size = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise OddframeError(
            f"{file}: expected a picture of at most {MOST_PIXELS:,} pixels, its header claims far "
            "more; shrink it first, or remove it if it is damaged"
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError):
        return  # no picture that Pillow knows; OpenCV may
    check_size(file, *size)


def in_rgb(image: np.ndarray) -> np.ndarray:
    """OpenCV's picture with its colours in RGB order; grey stays grey."""
    if image.ndim == 2:
        return image
    return image[:, :, 0] if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


class PictureFrame:
    """A frame that is already an RGB or grey array.

    Args:
        index: 0-based number of the frame.
        seconds: its time.
        image: in any depth.
        levels: what becomes black and white, if it is deeper than 8 bits.
    """

    def __init__(
        self, index: int, seconds: float, image: np.ndarray, levels: Levels | None = None
    ) -> None:
        self.index = index
        self.seconds = seconds
        self.anew = False
        self._image = image
        self._levels = levels

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.rgb`."""
        image = resize(self._flat(), size, how)
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.grey`."""
        return grey_of(self._flat(), size, how)

    def _flat(self) -> np.ndarray:
        return self._image if self._levels is None else self._levels.apply(self._image)
