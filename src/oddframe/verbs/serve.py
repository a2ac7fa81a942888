"""The verb ``serve``: the page on which a person looks and decides."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from oddframe.cameras.cameras_file import read_cameras
from oddframe.console.installation import how_to_install
from oddframe.console.redaction import say
from oddframe.errors import OddframeError, unknown
from oddframe.files.paths import text_paths
from oddframe.journal.database import check_version
from oddframe.journal.journal import Journal, open_journal
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import DEFAULT, StateFolder
from oddframe.serving.door import Door
from oddframe.serving.passwords import ROLES, Passwords
from oddframe.serving.passwords import set_password as keep_password
from oddframe.serving.sessions import Sessions
from oddframe.watching.plan import plans_of
from oddframe.watching.signals import Signals
from oddframe.watching.watch import Watch
from oddframe.watching.watched import Watched

if TYPE_CHECKING:
    from oddframe.serving.site import SeenWatch


@dataclass(frozen=True)
class Served:
    """What came of serving a folder, or of setting a password.

    Attributes:
        state: the state folder.
        done: what was done with it.
    """

    state: Path
    done: str

    def text(self) -> str:
        """For a person."""
        return f"{self.state}: {self.done}"


@text_paths
def serve(
    cameras: Path | None = None,
    *,
    state: Path = Path(DEFAULT),
    host: str = Door.host,
    port: int = Door.port,
    names: list[str] | None = None,
    metrics: str | None = None,
    runs: list[Path] | None = None,
    footage: list[Path] | None = None,
    set_password: str | None = None,
) -> Watched | Served:
    """Show what cameras saw on a page, where a person looks and decides.

    It goes on until it is stopped (Ctrl-C, SIGTERM).

    Args:
        cameras: a cameras file (``docs/cameras.md``), whose cameras are watched meanwhile, as
            ``watch`` does; without one, the page shows what the state folder holds, and scores
            videos that lie there or are dropped on it.
        state: the folder of events, clips and messages; one process writes in it.
        host: the address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all others
            too, which needs a password.
        port: the port; 0 takes one that is free.
        names: under which others ask for this machine, beside its number and its own name.
        metrics: HOST:PORT, as ``watch --metrics``; with a cameras file.
        runs: run folders, or folders with runs in them, that the page may score videos with, beside
            the runs of cameras that are watched.
        footage: folders of this machine whose videos the page may score; what lies elsewhere is
            not looked at.
        set_password: set the password of the ``owner``, who decides, or of the ``viewer``, who
            looks, and do nothing else; it is asked for, or read from standard input.

    Returns:
        What was seen and told; or what was served.

    Raises:
        OddframeError: no such file or folder, a port that cannot be had, an address that others can
            reach without a password.
    """
    if set_password is not None:
        return _with_password(state, set_password)
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise OddframeError(
            f"the page needs {' and '.join(missing)}; install with: {how_to_install('serve')}"
        )
    sessions = Sessions(Passwords.read(state))
    door = Door(host, port, tuple(names or ()))
    door.check(guarded=sessions.are_needed)
    for option, folders in (("runs", runs), ("footage", footage)):
        for folder in folders or ():
            if not folder.is_dir():
                raise OddframeError(
                    f"--{option} {folder}: no such folder; give one of this machine"
                )

    @contextmanager
    def shown(reader: JournalReader, watch: SeenWatch | None = None) -> Generator[None]:
        from oddframe.archive.archive import FOLDER, Archive
        from oddframe.refitting.refits import Refits
        from oddframe.serving.server import serving
        from oddframe.serving.site import Site
        from oddframe.serving.tutor import Tutor

        journal = reader if isinstance(reader, Journal) else None
        with ExitStack() as until_over:
            tutor = refits = None
            if watch is not None:
                refits = Refits(reader.state, watch.ring_of, say)
                until_over.callback(refits.stop)
                refits.record_again(watch.plans)
                tutor = until_over.enter_context(Tutor(reader, watch, say).at_work())

            def of_cameras() -> dict[str, Path]:
                seen = () if watch is None else watch.cameras
                return {camera.name: camera.plan.run.folder for camera in seen}

            archive = Archive(state / FOLDER, runs or (), footage or (), of_cameras, say)
            until_over.enter_context(archive.at_work())
            site = Site(reader, journal, sessions, watch, tutor, refits, archive)
            address = until_over.enter_context(serving(site, door))
            say(f"the page is at {address} (Ctrl-C ends it)")
            yield

    if state.exists() and not state.is_dir():
        raise OddframeError(f"--state {state}: expected a folder, found something else there")
    signals = Signals()
    if cameras is not None:
        wanted = read_cameras(cameras)
        with signals.caught():
            watched = Watch(
                wanted,
                plans_of(wanted),
                state,
                say,
                again=cameras,
                metrics=metrics,
                beside=shown,
                signals=signals,
            )
            return watched.run()
    if metrics is not None:
        raise OddframeError("--metrics tells of cameras that are watched; give a cameras file")
    if not state.is_dir() and not runs and not footage:
        raise OddframeError(
            f"{state}: no such folder; 'oddframe watch' makes it; or give a cameras file, or "
            "--runs DIR to score videos"
        )
    folder = StateFolder(state)
    check_version(folder.journal)
    with signals.caught(), ExitStack() as until_over:
        try:
            reader: JournalReader = until_over.enter_context(open_journal(state, say))
        except OddframeError as error:  # somebody else watches, or nobody may write
            say(f"{error}; the page shows what is there, and takes no word")
            reader = JournalReader(folder)
        until_over.enter_context(shown(reader))
        signals.stop.wait()
    return Served(state, "served")


def _with_password(state: Path, role: str) -> Served:
    known = next((one for one in ROLES if one == role), None)
    if known is None:
        raise OddframeError(f"--set-password: {unknown('role', role, ROLES)}")
    if sys.stdin.isatty():
        password = getpass.getpass(f"password of the {role}: ")
        if getpass.getpass("once more: ") != password:
            raise OddframeError("these were two passwords; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    keep_password(state, known, password)
    when = "a server that runs asks for it once it is begun again"
    return Served(state, f"the password of the {role} is set; {when}")
