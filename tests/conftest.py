"""What all tests share: where the real data is, the order of files; fixtures are in ``made/``."""

from __future__ import annotations

import gc
import os
import sys

# Several processes test at once; threads of their own would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests that track say so; commands in processes of their own inherit it.
os.environ.setdefault("ODDFRAME_TRACK", "none")
# Ray's workers give way to everybody, and would take minutes to start beside other tests.
os.environ.setdefault("RAY_worker_niceness", "0")

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from pathlib import Path

import pytest
from hypothesis import settings

from oddframe.files.folder_lock import alone_in

# Else each of the processes that tests start compiles the package anew, and each run the tests;
# what is kept lies in __pycache__, which git ignores.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Half of the usual number: the whole suite has minutes, and every run draws others.
settings.register_profile("suite", max_examples=50, deadline=None)  # a busy machine is slow
settings.load_profile("suite")

pytest_plugins = (
    "tests.made.bags",
    "tests.made.disks",
    "tests.made.made_once",
    "tests.made.street",
    "tests.made.vision_server",
    "tests.made.every_detector",  # imports those above, which are rewritten first
    "tests.made.mqtt_broker",
    "tests.made.native_trees",
    "tests.made.own_certificate",
    "tests.made.own_clock",
    "tests.made.receiver",
    "tests.made.rtsp_camera",
    "tests.made.small_videos",
    "tests.made.toy",
)
REPOSITORY = Path(__file__).resolve().parent.parent
LONGEST = (
    "test_tuning",  # waits for processes of its own, so that what computes goes beside it
    "test_far_cameras",
    "test_every_training",
    "test_every_export",
    "test_train_bags",
    "test_mlflow_page",
    "test_spread",
    "test_process",
    "test_stride",
    "test_live_soak",
    "test_told_cues",
    "test_zoned_runs",
    "test_fixed_camera_fit",
    "test_fixed_camera",
    "test_kept_fit",
    "test_every_detector",
    "test_mlflow",
    "test_pseudo_anomaly",
    "test_rtsp",
    "test_faults",
    "test_camera_troubles",
    "test_clips",
    "test_growing_source",
    "test_drilling",
    "test_after_training",
    "test_reproduce",
    "test_every_stream",
    "test_cli",
    "test_alarm_curves",
    "test_synthetic",
    "test_train_clips",
    "test_resume",
    "test_every_published",
    "test_every_alarm",
    "test_ognet",
    "test_conv_ae",
    "test_extraction",
    "test_wandb_tracker",
    "test_examples",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process takes whole files: long ones first, so that none is alone with one at last."""
    place = {name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Next to nothing of what is imported is garbage, and what comes later need not look there."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data (``$ODDFRAME_DATA``, by default ``../shared/data``)."""
    folder = Path(os.environ.get("ODDFRAME_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Generator[None]:
    """What is written need not outlast a power cut, which no test makes; a disk takes its time.

    That files are asked to is checked in ``files/test_atomic.py``; real processes do ask.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def held_elsewhere() -> Callable[[Path], AbstractContextManager[None]]:
    """Makes a context in which somebody else holds the lock of a folder."""

    @contextmanager
    def held(folder: Path) -> Generator[None]:
        elsewhere, lock = Context(), alone_in(folder)
        elsewhere.run(lock.__enter__)
        try:
            yield
        finally:
            elsewhere.run(lock.__exit__, None, None, None)

    return held
