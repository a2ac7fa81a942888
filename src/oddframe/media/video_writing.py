"""The one way to write video: H.264 in MP4 through PyAV, whole or absent."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path

_TICKS = 90_000
"""Ticks per second of a video whose frames have times of their own."""
_AVX_512F = 13
"""OpenCV's ``CPU_AVX_512F``, a name that its Python package leaves out."""


def _repeatable() -> dict[str, str]:
    """Options of x264 that make it write the same bytes for the same pictures.

    Its AVX-512 code (core 165) does not: where many encoders run at once, 41 of 1,200 encodings
    of equal frames had other packets, also with one thread each, and up to 0.6 grey levels per
    frame when decoded; with AVX2 none of 1,200 had, at the same speed. Neither the container nor
    time stamps had a part in it. x264 trusts the name of an instruction set, so that it is given
    only where the processor has it.
    """
    return {"x264-params": "asm=avx2"} if cv2.checkHardwareSupport(_AVX_512F) else {}


class VideoWriter:
    """Write RGB frames as H.264 MP4; whole or absent. Use it in a ``with`` block.

    Args:
        path: target, ending in ``.mp4``.
        fps: frame rate.
        size: (width, height); odd sizes lose one pixel, because 4:2:0 colour needs even ones.
        times: when each frame is shown, in seconds, increasing; by default regularly.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float,
        size: tuple[int, int],
        times: np.ndarray | None = None,
    ) -> None:
        self._times = None if times is None else iter(np.rint(times * _TICKS).astype(int).tolist())
        self._path = Path(path)
        self._rate = Fraction(fps).limit_denominator(1001)
        self._size = (size[0] // 2 * 2, size[1] // 2 * 2)
        if min(self._size) < 2:
            raise OddframeError(
                f"{path}: a video needs at least 2x2 pixels, found {size[0]}x{size[1]}"
            )

    def write(self, image: np.ndarray) -> None:
        """Append one uint8 RGB image ``(height, width, 3)``.

        Raises:
            OddframeError: an image smaller than the video.
        """
        width, height = self._size
        if image.shape[0] < height or image.shape[1] < width:
            raise OddframeError(
                f"{self._path}: expected images of {width}x{height} pixels, found "
                f"{image.shape[1]}x{image.shape[0]}"
            )
        cropped = np.ascontiguousarray(image[:height, :width])
        frame = self._av.VideoFrame.from_ndarray(cropped, format="rgb24")
        if self._times is not None:
            frame.pts, frame.time_base = next(self._times), Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> VideoWriter:
        import av

        self._av = av
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self._path))
            self._container = stack.enter_context(av.open(str(temporary), "w", format="mp4"))
            stream: Any = self._container.add_stream("libx264", rate=self._rate)
            stream.width, stream.height = self._size
            stream.pix_fmt = "yuv420p"
            if self._times is not None:
                stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
            stream.options = {"crf": "20", "preset": "veryfast", **_repeatable()}
            self._stream = stream
            stack.push(self._flush)
            self._open = stack.pop_all()
        return self

    def _flush(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))

    def __exit__(self, kind: Any, value: Any, trace: Any) -> bool | None:
        return self._open.__exit__(kind, value, trace)
