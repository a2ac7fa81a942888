"""Videos and folders of images whose frames tell their numbers, made without our own writer."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from oddframe.media.opening import open_video

WIDTH, HEIGHT = 64, 48


def picture(i: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Frame number i: the place of a bright block tells which one it is."""
    image = np.full((height, width, 3), 40, np.uint8)
    image[:, :, 1] = 70
    x = i % (width - 8)
    image[8:24, x : x + 8] = (230, 200, 90)
    return image


def block(image: np.ndarray) -> int:
    """The place of the block in a picture."""
    return int(np.argmax(image[8:24, :, 0].mean(axis=0) > 130))


def encode(
    path: Path,
    count: int = 50,
    codec: str = "libx264",
    size: tuple[int, int] = (WIDTH, HEIGHT),
    fps: Fraction = Fraction(25),
    pixels: str = "yuv420p",
    container: dict[str, str] | None = None,
    **options: str,
) -> Path:
    """Encode pictures with PyAV alone, not with the writer under test."""
    with av.open(str(path), "w", options=container or {}) as output:
        stream = output.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.gop_size = 10
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture(i, *size), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def encode_at(path: Path, milliseconds: list[int], codec: str = "libx264") -> Path:
    """A video whose frames are shown at these times."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=30, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for i, moment in enumerate(milliseconds):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            frame.pts, frame.time_base = moment, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def folder_of(path: Path, count: int, name: str = "{:03d}.png", first: int = 0) -> Path:
    path.mkdir()
    for i in range(count):
        image = cv2.cvtColor(picture(i), cv2.COLOR_RGB2BGR)
        assert cv2.imwrite(str(path / name.format(first + i)), image)
    return path


def indices(path: Path) -> list[int]:
    with open_video(path) as video:
        return [frame.index for frame in video]
