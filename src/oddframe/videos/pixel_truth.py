"""Pixel truth of a video: masks of what is anomalous, and tracks of anomalous objects.

A manifest's ``mask`` is one of
    * ``archive.npz#key``: uint8 ``numpy.packbits(mask.reshape(frames, -1), axis=1)``, or a bool
      array ``(frames, height, width)``;
    * ``file.npy``: a bool or 0/1 array ``(frames, height, width)``;
    * ``file.mat``: Avenue's ``volLabel``, one mask per frame;
    * a folder of images in natural order, one per frame, non-zero where anomalous.
A manifest's ``tracks`` is a JSON file ``{"tracks": [{"id": ..., "name": ...,
"boxes": [[frame, x1, y1, x2, y2], ...]}]}`` in 0-based frames and pixels, x2 and y2 exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_array, read_arrays
from oddframe.files.matlab_files import read_mat_cells
from oddframe.files.text_files import read_json
from oddframe.media.image_series import list_images
from oddframe.videos.names import checked_name
from oddframe.videos.video import Video


@dataclass(frozen=True)
class Track:
    """One anomalous object: frame to box ``(x1, y1, x2, y2)`` in pixels, x2 and y2 exclusive."""

    id: str
    name: str
    boxes: dict[int, tuple[float, float, float, float]]


def read_mask(video: Video, root: Path) -> np.ndarray:
    """The video's pixel truth, bool ``(frames, height, width)``.

    Raises:
        OddframeError: no mask, an unknown form, or another shape than the video's.
    """
    if video.mask is None:
        raise OddframeError(f"video '{video.id}' has no pixel mask")
    name, _, key = video.mask.partition("#")
    path = root / name
    shape = (video.frames, video.height, video.width)
    try:
        if path.is_dir():
            mask = _read_mask_folder(path)
        elif path.suffix == ".npz":
            mask = read_arrays(path, "one mask array per clip", only=key)[key]
            if mask.dtype == np.uint8 and mask.ndim == 2:
                count = video.height * video.width
                if mask.shape[1] != -(-count // 8):  # unpackbits would fill up or cut
                    raise ValueError(
                        f"{mask.shape[1]} bytes per frame do not hold "
                        f"{video.width}x{video.height} pixels"
                    )
                bits = np.unpackbits(mask, axis=1, count=count)
                mask = bits.reshape(-1, video.height, video.width)
        elif path.suffix == ".mat":
            mask = np.stack(read_mat_cells(path, "volLabel"))
        else:
            mask = read_array(path, "a pixel mask")
    except OddframeError:
        raise
    except Exception as error:  # the readers raise nearly anything on a damaged file
        raise OddframeError(f"{video.mask}: cannot be read as a pixel mask ({error})") from error
    if mask.shape != shape:
        raise OddframeError(
            f"{video.mask}: expected a mask of shape {shape} like video '{video.id}', found "
            f"{mask.shape}"
        )
    return mask != 0


def read_tracks(video: Video, root: Path) -> list[Track]:
    """The video's tracks of anomalous objects.

    Raises:
        OddframeError: no tracks, or a file of another form.
    """
    if video.tracks is None:
        raise OddframeError(f"video '{video.id}' has no tracks")
    path = root / video.tracks
    content = read_json(path, "tracks")
    try:
        return [
            Track(
                checked_name(str(row["id"])),
                checked_name(str(row["name"])),
                {
                    int(f): (float(a), float(b), float(c), float(d))
                    for f, a, b, c, d in row["boxes"]
                },
            )
            for row in content["tracks"]
        ]
    except (ValueError, KeyError, TypeError, OverflowError, OddframeError) as error:
        raise OddframeError(f"{path}: expected a JSON file of tracks, found {error!r}") from error


def _read_mask_folder(path: Path) -> np.ndarray:
    files = list_images(path)
    if not files:
        raise OddframeError(f"{path}: expected one mask image per frame, found none")
    images = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files]
    broken = [file for file, image in zip(files, images, strict=True) if image is None]
    if broken:
        raise OddframeError(f"{broken[0]}: mask image cannot be decoded")
    return np.stack([image for image in images if image is not None]) != 0
