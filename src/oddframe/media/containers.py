"""Which files FFmpeg may open as video, and which of their streams is the picture.

FFmpeg looks at what a file holds and not at its name, so a playlist, a script or a session
description that is called ``.mkv`` would send it to other files and to the network. Only formats
that hold their pictures themselves are allowed, and no other protocol than a local file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError

_SUFFIXES = (
    "mp4 m4v mov qt 3gp 3g2 f4v mkv mk3d webm avi divx ts m2ts mts m2t tp trp mpg mpeg mpe m1v m2v "
    "mp2v mpv vob vro evo mod tod dvr-ms wtv wmv asf flv ogv ogm ogx mxf gxf rm rmvb dv dif dav "
    "nut ivf obu y4m gif apng mjpg mjpeg mj2 h261 h263 h264 264 avc 26l jsv h265 265 hevc h266 266 "
    "vvc vc1 amv insv nsv cine"
)
VIDEO_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
"""Names of files that are taken to be recordings."""
_FORMATS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,kux,asf,asf_o,wtv,ogg,mxf,"
    "mxf_opatom,gxf,rm,dv,dhav,nut,ivf,obu,av1,yuv4mpegpipe,gif,apng,mjpeg,mjpeg_2000,mpjpeg,"
    "smjpeg,h261,h263,h264,hevc,vvc,evc,m4v,vc1,vc1test,cavsvideo,avs2,avs3,dirac,amv,nsv,nuv,"
    "cine,swf,pva,hxvs,lmlm4,ty,pmp,flic"
)
"""FFmpeg's names of the formats that hold their pictures themselves."""
_INVALID_ARGUMENT = 22
"""What FFmpeg answers where it knows the format and may not open it."""


def open_input(address: str, **given: Any) -> Any:
    """What ``av.open`` says of an address, whatever encoding its titles and names of places are in.

    They are often in that of the camera's country.
    """
    import av

    if int(av.__version__.partition(".")[0]) < 19:  # which takes none as UTF-8 without asking
        given["metadata_errors"] = "replace"
    return av.open(address, **given)


def open_container(path: Path) -> tuple[Any, Any]:
    """PyAV's container of a file, and the stream of its picture.

    Raises:
        OddframeError: no file, no video that is held by the file itself, or sound only.
    """
    import av  # 0.1 s that `oddframe --help` should not pay

    if not path.is_file():
        raise OddframeError(f"{path}: expected a video file, found {what_is_there(path)}")
    try:
        container = open_input(
            # Without the protocol in front, FFmpeg takes what is before a colon as one.
            f"file:{path}",
            # JPEG after JPEG, as some cameras write it, FFmpeg would take for a list of pictures.
            format="mjpeg" if _begins_like_jpeg(path) else None,
            options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"},
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if getattr(error, "errno", None) == _INVALID_ARGUMENT:
            raise OddframeError(
                f"{path}: expected a recording, found a playlist, a script, sound or a single "
                "picture by that name; only files that hold their own video are read"
            ) from error
        raise OddframeError(
            f"{path}: cannot be read as a video ({reason(error)}); if it was cut short, "
            "copy it again or repair it"
        ) from error
    streams = picture_streams(container)
    if not streams:
        cover = " but a cover picture" * bool(container.streams.video)
        container.close()
        raise OddframeError(f"{path}: expected a video stream, found none{cover}")
    return container, streams[0]


def _begins_like_jpeg(path: Path) -> bool:
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        return False
    with path.open("rb") as file:
        return file.read(3) == b"\xff\xd8\xff"


def holds_video(path: Path) -> bool:
    """Whether the file is a video by what it holds, whatever its name."""
    try:
        container, _ = open_container(path)
    except OddframeError:
        return False
    container.close()
    return True


def picture_streams(container: Any) -> list[Any]:
    """The video streams that are no cover pictures."""
    from av.stream import Disposition

    covers = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return [s for s in container.streams.video if not s.disposition & covers]


def what_is_there(path: Path) -> str:
    """What is at a path that is no file, in a few words."""
    if path.is_symlink() and not path.exists():
        return f"a link to {path.readlink()}, which is not there"
    if not path.exists():
        return "nothing"
    return "a folder" if path.is_dir() else "neither a file nor a folder"


def reason(error: BaseException) -> str:
    """The system's words for an error of FFmpeg."""
    return getattr(error, "strerror", None) or str(error)
