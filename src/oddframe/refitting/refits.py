"""All that cameras are fitted from again: what is recorded, fitted, and what was used before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json
from oddframe.journal.state_folder import StateFolder
from oddframe.refitting.fits import Fit, Fits
from oddframe.refitting.recorder import Recorder
from oddframe.refitting.recordings import Recording, chosen_of, recordings_in
from oddframe.sources.packet_ring import PacketRing
from oddframe.watching.plan import Plan

MOST_HOURS, MOST_GIGABYTES = 24.0 * 14, 1e4
_USED = "used.json"
_WISH = "recording.json"


@dataclass(frozen=True)
class Used:
    """A run that a camera was judged by before.

    Attributes:
        run: its folder.
        threshold: that the file said for it; None of none.
    """

    run: str
    threshold: float | None


@dataclass(frozen=True)
class _Wish:
    """What an owner wants recorded, which outlives the process.

    Attributes:
        until: Unix seconds.
        most_bytes: of all pieces.
    """

    until: float
    most_bytes: int


class Refits:
    """What is recorded and fitted for the cameras of a watch. Any thread may ask.

    Args:
        state: the state folder.
        ring: gives the ring of a camera's reader; None where it has none.
        say: takes a line for a person.
    """

    def __init__(
        self,
        state: StateFolder,
        ring: Callable[[str], PacketRing | None],
        say: Callable[[str], None],
    ) -> None:
        self._state, self._ring, self._say = state, ring, say
        self._recorders: dict[str, Recorder] = {}
        self._fits = Fits()
        self._lock = threading.Lock()

    def recorder(self, camera: str) -> Recorder | None:
        """What records a camera, or did so last; None of none."""
        return self._recorders.get(camera)

    def record(self, plan: Plan, hours: float, gigabytes: float) -> None:
        """Record a camera from now on.

        Args:
            plan: of it.
            hours: for how long.
            gigabytes: of all that is recorded of it, at most.

        Raises:
            OddframeError: numbers that are too large, or a camera of which no film is kept.
        """
        camera = plan.camera
        if not 0 < hours <= MOST_HOURS or not 0 < gigabytes <= MOST_GIGABYTES:
            raise OddframeError(
                f"expected hours up to {MOST_HOURS:g} and gigabytes up to {MOST_GIGABYTES:g}, "
                f"found {hours:g} and {gigabytes:g}"
            )
        if camera.keep != "film":
            raise OddframeError(
                f"camera '{camera.name}': its file says 'keep: {camera.keep}', so that no film of "
                "it is kept; say 'keep: film' there to record it"
            )
        with self._lock:
            before = self._recorders.get(camera.name)
            if before is not None and before.is_alive():
                raise OddframeError(f"camera '{camera.name}' is being recorded already")
            wish = _Wish(time.time() + 3600 * hours, round(1e9 * gigabytes))
            write_json(self._wish(camera.name), asdict(wish))
            self._begin(plan, wish)

    def record_again(self, plans: Iterable[Plan]) -> None:
        """Go on with what was being recorded as the process before this one ended.

        Args:
            plans: of all cameras. One of which no film is kept any more is left out.
        """
        for plan in plans:
            path = self._wish(plan.camera.name)
            try:
                if plan.camera.keep != "film" or not path.is_file():
                    continue
                wish = typed(read_json(path, "what is recorded"), _Wish, str(path))
            except OddframeError as error:
                self._say(f"{error}; it is not recorded")
                continue
            if time.time() < wish.until:
                with self._lock:
                    self._begin(plan, wish)

    def stop_recording(self, camera: str) -> None:
        """Record no more of it."""
        self._wish(camera).unlink(missing_ok=True)
        if recorder := self._recorders.get(camera):
            recorder.stop()

    def recordings(self, camera: str) -> list[Recording]:
        """What was recorded of a camera, the earliest first."""
        recorder = self._recorders.get(camera)
        writing = recorder.writing if recorder is not None else ()
        return recordings_in(self._hours(camera), writing)

    def forget(self, camera: str, names: Collection[str]) -> None:
        """Remove pieces; those that a fit learnt from stay there."""
        for piece in chosen_of(self.recordings(camera), names):
            piece.path.unlink(missing_ok=True)

    def fits(self, camera: str) -> list[Fit]:
        """The fits of a camera, the latest first."""
        return self._fits.all_in(self._fits_of(camera))

    def fit(self, camera: str, number: str) -> Fit:
        """One of them.

        Raises:
            OddframeError: there is none of that number.
        """
        for fit in self.fits(camera):
            if str(fit.number) == number:
                return fit
        raise OddframeError(f"camera '{camera}': there is no such fit any more")

    def begin_fit(self, plan: Plan, names: Collection[str]) -> None:
        """Fit a camera from pieces, with the detector, settings and zones that it has.

        Raises:
            OddframeError: see :meth:`Fits.begin`.
        """
        name = plan.camera.name
        with self._lock:
            pieces = chosen_of(self.recordings(name), names)
            self._fits.begin(self._fits_of(name), pieces, plan.run.folder, plan.zones)

    def go_on(self, fit: Fit) -> None:
        """Go on with a fit that was stopped."""
        with self._lock:
            self._fits.go_on(fit)

    def stop_fit(self, fit: Fit) -> None:
        """End a fit."""
        self._fits.stop(fit.folder)

    def remove_fit(self, fit: Fit, plans: Sequence[Plan]) -> None:
        """Remove a fit and its run.

        Args:
            fit: it.
            plans: of all cameras.

        Raises:
            OddframeError: it goes on, judges a camera, or did before and may be had back.
        """
        judging = {plan.run.folder.resolve() for plan in plans}
        used = [one for plan in plans for one in self._used(plan.camera.name)]
        kept = judging | {Path(one.run).resolve() for one in used}
        if fit.state == "fitting" or fit.run.resolve() in kept:
            raise OddframeError(
                f"{fit.folder}: it goes on, judges a camera, or may be rolled back to; it stays"
            )
        self._fits.remove(fit)

    def used(self, camera: str) -> Used | None:
        """What judged the camera before the run that was put in last; None of nothing."""
        rows = self._used(camera)
        return rows[-1] if rows else None

    def note_used(self, camera: str, before: Used) -> None:
        """A run took the place of another."""
        self._keep_used(camera, [*self._used(camera), before])

    def note_rolled_back(self, camera: str) -> None:
        """The one before is back."""
        self._keep_used(camera, self._used(camera)[:-1])

    def stop(self) -> None:
        """End all that goes on."""
        for recorder in self._recorders.values():
            recorder.stop()
        self._fits.stop()

    def _begin(self, plan: Plan, wish: _Wish) -> None:
        camera = plan.camera
        self._recorders[camera.name] = recorder = Recorder(
            lambda: self._ring(camera.name),
            self._hours(camera.name),
            wish.until,
            wish.most_bytes,
            camera.retention.least_free,
            lambda line: self._say(f"{camera.name}: {line}"),
        )
        recorder.start()

    def _used(self, camera: str) -> tuple[Used, ...]:
        path = self._folder(camera) / _USED
        if not path.is_file():
            return ()
        return typed(read_json(path, "runs that were used before"), tuple[Used, ...], str(path))

    def _keep_used(self, camera: str, rows: Iterable[Used]) -> None:
        write_json(self._folder(camera) / _USED, [asdict(one) for one in rows])

    def _wish(self, camera: str) -> Path:
        return self._folder(camera) / _WISH

    def _folder(self, camera: str) -> Path:
        return self._state.learning(camera)

    def _hours(self, camera: str) -> Path:
        return self._folder(camera) / "hours"

    def _fits_of(self, camera: str) -> Path:
        return self._folder(camera) / "fits"
