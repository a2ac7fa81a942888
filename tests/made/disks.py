"""Disks of a test's own: one that is small, and one that breaks and is put back."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.made.programs import program

MB = 1_000_000


def fill(path: Path) -> None:
    """Write to a file until its disk is full."""
    with path.open("wb", buffering=0) as ballast:
        for size in (MB, 512):
            with suppress(OSError):
                while True:
                    ballast.write(bytes(size))


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A folder with a disk of its own, of 40 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _mounted("-t", "tmpfs", "-o", "size=40m", "oddframe-test", str(folder))
    yield folder
    _unmount(folder)


@dataclass
class BrittleDisk:
    """A disk that can break, as a USB disk whose cable is loose does.

    Attributes:
        folder: where it is.
        trigger: tells the kernel that it has an error.
        images: what was mounted there, one above the other.
    """

    folder: Path
    trigger: Path = field(init=False)
    images: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        image = self.folder.with_name("image")
        with image.open("wb") as file:
            file.truncate(64 * MB)
        # Without a journal of its own, so that it comes back as it was when it broke.
        tool = program("mkfs.ext4", "e2fsprogs")
        subprocess.run([tool, "-q", "-O", "^has_journal", str(image)], check=True)
        self._mount(image)

    def breaks(self) -> None:
        """From now on it takes nothing any more: the system makes it read-only."""
        subprocess.run(["sync", "--file-system", str(self.folder)], check=True)
        self.trigger.write_text("the test breaks it")

    def comes_back(self) -> None:
        """Under another device, with what was on it, and with no moment without a disk there."""
        image = self.images[-1].with_name(f"image-{len(self.images)}")
        shutil.copy(self.images[-1], image)
        subprocess.run(["e2fsck", "-fp", str(image)], check=False, stdout=subprocess.DEVNULL)
        self._mount(image)

    def _mount(self, image: Path) -> None:
        self.folder.mkdir(exist_ok=True)
        _mounted("-o", "loop,errors=remount-ro", str(image), str(self.folder))
        self.images.append(image)
        command = ["findmnt", "--noheadings", "--output", "SOURCE", str(self.folder)]
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        device = Path(found.stdout.strip()).name
        assert device.startswith("loop"), "no disk of anybody else"
        self.trigger = Path("/sys/fs/ext4") / device / "trigger_fs_error"


@pytest.fixture
def brittle_disk(tmp_path: Path) -> Generator[BrittleDisk]:
    program("mkfs.ext4", "e2fsprogs")
    disk = BrittleDisk(tmp_path / "disk")
    if not os.access(disk.trigger, os.W_OK):
        _unmount(disk.folder)
        _untested("ext4 cannot be told that it has an error")
    yield disk
    for _ in disk.images:
        _unmount(disk.folder)


def _mounted(*arguments: str) -> None:
    """Mount something, or skip the test and say so."""
    found = "this is not root"
    if os.geteuid() == 0 and shutil.which("mount"):
        run = subprocess.run(["mount", *arguments], capture_output=True, text=True)
        found = run.stderr.strip()
    if found:
        _untested(found)


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _untested(found: str) -> None:
    text = f"UNTESTED: no disk can be had here ({found})"
    warnings.warn(text, stacklevel=3)
    pytest.skip(text)
