"""Text in video frames, in DejaVu Sans, which lies beside this module: OpenCV's font is ASCII."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from oddframe.pages.colours import Colour

_FONTS = Path(__file__).parent / "fonts"


class Lettering:
    """Draws lines of text of one size into RGB images.

    A character that the font lacks is a box.

    Args:
        height: size of the font in pixels.
        bold: heavier strokes.
    """

    def __init__(self, height: int, bold: bool = False) -> None:
        file = _FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
        # Pillow's other engine is not in every build of it, and letters would stand elsewhere.
        self._font = ImageFont.truetype(file, height, layout_engine=ImageFont.Layout.BASIC)
        self._render = lru_cache(maxsize=256)(self._render_uncached)

    def _render_uncached(self, text: str) -> tuple[np.ndarray, int]:
        """How far each pixel is covered, uint8, and how far that goes below the base line."""
        line = text.replace("\n", " ")  # of which Pillow would make two
        left, top, right, bottom = (round(end) for end in self._font.getbbox(line, anchor="ls"))
        image = Image.new("L", (right - left, bottom - top))
        place = -left, -top
        ImageDraw.Draw(image).text(place, line, fill=255, font=self._font, anchor="ls")
        return np.asarray(image), bottom

    def width(self, text: str) -> int:
        """Width of the text in pixels."""
        return self._render(text)[0].shape[1]

    def fit(self, text: str, width: int) -> str:
        """The text, shortened with an ellipsis until it is at most ``width`` pixels wide."""
        if self.width(text) <= width:
            return text
        longest, beyond = 0, len(text)
        while longest + 1 < beyond:
            middle = (longest + beyond) // 2
            if self.width(text[:middle].rstrip() + "…") <= width:
                longest = middle
            else:
                beyond = middle
        return text[:longest].rstrip() + "…" if longest else ""

    def draw(self, image: np.ndarray, text: str, left: int, base: int, colour: Colour) -> None:
        """Draw one line in place; ``(left, base)`` is where its base line starts."""
        if not text:
            return
        coverage, descent = self._render(text)
        top = base + descent - coverage.shape[0]
        rows = slice(max(top, 0), min(top + coverage.shape[0], image.shape[0]))
        columns = slice(max(left, 0), min(left + coverage.shape[1], image.shape[1]))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        part = coverage[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        opacity = (part / np.float32(255))[..., None]
        place = image[rows, columns]
        place[:] = np.rint(place * (1 - opacity) + np.array(colour, np.float32) * opacity)
