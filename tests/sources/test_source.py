"""Addresses: what they name, what is refused, and that a login is never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddframe.errors import OddframeError
from oddframe.sources.source import source_of


@pytest.mark.parametrize(
    ("text", "kind", "address"),
    [
        ("rtsp://cam/h264", "rtsp", "rtsp://cam/h264"),
        ("RTSPS://u:p@cam:322/a b", "rtsp", "RTSPS://u:p@cam:322/a b"),
        ("http://cam/mjpg/video.mjpg", "http", "http://cam/mjpg/video.mjpg"),
        ("https://cam/live.m3u8?t=1", "hls", "https://cam/live.m3u8?t=1"),
        ("rtsp://u:p@[fe80::1%eth0]:8554/a", "rtsp", "rtsp://u:p@[fe80::1%eth0]:8554/a"),
        ("rtsp://u:p/a:s@cam/1", "rtsp", "rtsp://u:p/a:s@cam/1"),
        ("http://cam/x?mail=a@b:c", "http", "http://cam/x?mail=a@b:c"),
        ("0", "usb", "/dev/video0"),
        ("/dev/video12", "usb", "/dev/video12"),
        ("growing:/rec/now.ts", "growing", "/rec/now.ts"),
        ("lavfi:testsrc2=rate=15", "lavfi", "testsrc2=rate=15"),
    ],
)
def test_what_an_address_names(text: str, kind: str, address: str):
    source = source_of(text)
    assert (source.kind, source.address) == (kind, address)


def test_a_folder_and_a_file_are_told_apart_by_looking(tmp_path: Path):
    (tmp_path / "a.mp4").touch()
    assert source_of(str(tmp_path)).kind == "folder"
    assert source_of(str(tmp_path / "a.mp4")).kind == "file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found nothing"),
        ("rtps://cam/1", "did you mean 'rtsp"),
        ("ftp://cam/1", "unknown kind of address 'ftp://'"),
        ("rtsp:///stream", "expected a host"),
        ("rtsp://u:p@/stream", "expected a host"),
        ("lavfi:", "after 'lavfi:'"),
        ("rtsp://u:p q@cam/1", "write them as %20"),
        ("rtsp://cam/\nx", "control characters"),
        ("rtps://admin:hun ter2@cam/1", "rtps://***@cam/1: expected a login without spaces"),
        ("rtsp:///admin:x@cam/1", "expected a host"),
        ("rtsp://u:p@cam:99999/1", "expected HOST or HOST:PORT after 'rtsp://'"),
        ("rtsp://cam:/1", "expected HOST or HOST:PORT"),
        ("rtsp://cam:x/1", "expected HOST or HOST:PORT"),
        ("http://[::1", "expected HOST or HOST:PORT"),
        ("http://::1/x", "expected HOST or HOST:PORT"),
        ("nowhere.mp4", "found no such file"),
    ],
)
def test_nonsense_is_refused_in_one_line(text: str, said: str):
    with pytest.raises(OddframeError, match=r"^[^\n]*$") as refused:
        source_of(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [{"transport": "sctp"}, {"pace": "slow"}, {"timeout": 0.0}, {"timeout": float("nan")}],
)
def test_values_that_are_none_are_refused_without_the_password(values: dict):
    with pytest.raises(OddframeError) as refused:
        source_of("rtsp://admin:hunter2@cam/1", **values)
    assert "hunter2" not in str(refused.value)
    assert next(iter(values)) in str(refused.value)


@pytest.mark.parametrize("text", ["admin:hunter2@cam/1", "rtsp:/admin:hunter2@cam/1"])
def test_a_login_in_half_an_address_is_not_repeated(text: str):
    with pytest.raises(OddframeError) as refused:
        source_of(text)
    assert "***@cam/1: " in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_cameras_and_folders_wait_or_drop_as_they_must(tmp_path: Path):
    assert not source_of("rtsp://cam/1", pace="fast").waits
    assert source_of("lavfi:testsrc2", pace="fast").waits
    assert not source_of("lavfi:testsrc2").waits
    assert source_of(str(tmp_path)).waits


def test_a_source_shown_or_printed_keeps_its_password():
    source = source_of("rtsp://admin:hunter2@cam/1")
    assert source.shown == "rtsp://***@cam/1"
    assert "hunter2" not in repr(source) + str(source)
