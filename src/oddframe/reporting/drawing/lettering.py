"""Text in video frames, with the font that matplotlib brings: OpenCV's own knows only ASCII."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from oddframe.pages.colours import Colour


class Lettering:
    """Draws lines of text of one size into RGB images.

    Args:
        height: size of the font in pixels.
        bold: heavier strokes.
    """

    def __init__(self, height: int, bold: bool = False) -> None:
        from matplotlib import font_manager
        from matplotlib.ft2font import FT2Font

        file = font_manager.findfont("DejaVu Sans:bold" if bold else "DejaVu Sans")
        self._font: Any = FT2Font(str(file))
        self._font.set_size(height, 72)
        self._render = lru_cache(maxsize=256)(self._render_uncached)

    def _render_uncached(self, text: str) -> tuple[np.ndarray, int]:
        with warnings.catch_warnings():
            # A character that the font lacks is drawn as a box; that is all there is to say.
            warnings.simplefilter("ignore")
            self._font.set_text(text)
            self._font.draw_glyphs_to_bitmap(antialiased=True)
        return np.array(self._font.get_image()), round(self._font.get_descent() / 64)

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
