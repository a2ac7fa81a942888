"""What is tried: a film is written and read again, the network looks at a picture."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from oddframe.diagnosis.finding import Finding
from oddframe.errors import in_words
from oddframe.features.backbones.patch_features import PatchEncoder, integer_network
from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter

_CODECS = ("h264", "hevc", "mjpeg", "mpeg4", "vp9", "av1")
"""What cameras and recorders send."""
_SIZE = 64, 48
_FRAMES = 10
_LOOKS = 11
_LONG_SIDE, _SHORT_SIDE = 448, 256
"""What a look of ``fixed-camera`` is at, of a picture that is 16 by 9."""


def trials() -> Iterator[Finding]:
    """What came of each; whatever it is that fails is said."""
    for name, attempt in (("decoders", _decoders), ("film", _film), ("network", _network)):
        yield _tried(name, attempt)


def _tried(name: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(name, attempt())
    except Exception as error:  # of any kind: what is broken is what is looked for
        return Finding(name, f"{in_words(error)}; install oddframe again", works=False)


def _decoders() -> str:
    """Which of the usual codecs PyAV's FFmpeg reads."""
    import av
    from av.codec import Codec

    there, lacking = [], []
    for name in _CODECS:
        try:
            Codec(name, "r")
        except ValueError:
            lacking.append(name)
        else:
            there.append(name)
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    without = f"; not {', '.join(lacking)}" if lacking else ""
    return f"{', '.join(there)}{without} (PyAV {av.__version__}, libavcodec {ffmpeg})"


def _film() -> str:
    """Frames are written as H.264, and as many are read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with VideoWriter(path, 10.0, _SIZE) as film:
            for number in range(_FRAMES):
                film.write(np.full((_SIZE[1], _SIZE[0], 3), 20 * number, np.uint8))
        with open_video(path) as video:
            frames = sum(1 for _ in video)
    if frames != _FRAMES:
        raise ValueError(f"{_FRAMES} frames were written and {frames} read")
    return f"{frames} frames were written as H.264 and read again"


def _network() -> str:
    """The packaged network looks at a grey picture, some times."""
    encoder = PatchEncoder(integer_network())
    image = np.full((_SHORT_SIDE, _LONG_SIDE, 3), 127, np.uint8)
    seconds = []
    for _ in range(_LOOKS):
        begun = time.perf_counter()
        patches = encoder.encode(image)
        seconds.append(time.perf_counter() - begun)
    if not np.isfinite(patches).all():
        raise ValueError("the network gives numbers that are none")
    middle = 1e3 * statistics.median(seconds)
    return f"that of fixed-camera looks at a picture in {middle:.1f} ms, on one processor"
