"""The verb ``train``: fit a detector to normal footage, or to features of labelled videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.fitting.fit import Trained, fit_run
from oddframe.fitting.request import FitRequest
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import read_run
from oddframe.teaching.moments import whole_recordings
from oddframe.teaching.taught import Taught
from oddframe.teaching.teach import teach
from oddframe.tracking import chosen
from oddframe.training.hardware import Hardware, rank
from oddframe.zones.zone_file import read_zones


def _helps(given: Mapping[str, Any]) -> bool:
    """Whether torchrun or SLURM started this process to help the first one."""
    return given["processes"] * given["nodes"] > 1 and rank() > 0


@text_paths
@partial(alone_in_out, helps=_helps)
def train(
    footage: list[Path] | None,
    out: Path | None = None,
    *,
    onto: Path | None = None,
    detector: str | None = None,
    features: Path | None = None,
    settings: dict[str, Any] | None = None,
    zones: Path | None = None,
    root: Path | None = None,
    val_share: float = 0.2,
    seed: int = 0,
    resume: bool = False,
    oracle: bool = False,
    drill: bool = True,
    device: str = "auto",
    precision: str = "32-true",
    processes: int = 1,
    nodes: int = 1,
    track: list[str] | None = None,
) -> Trained | Taught:
    """Fit a detector to normal footage, or train one on features of labelled videos.

    Args:
        footage: a video of normal life, a folder of such, several of these, or a manifest. A
            detector that is never trained needs none, and chooses its threshold on it where it is
            given.
        out: the run folder to make.
        onto: instead of that, a run to which this normal footage is added without fitting it from
            scratch: what it would find odd there is normal from then on, as ``learn`` teaches it.
            Its threshold stays.
        detector: its name, one of those that ``--help`` lists; by default ``fixed-camera`` for
            normal footage, and ``rtfm`` with features. Or the file (.py) of a detector of your
            own, whose code is run. With ``--resume`` the one that the run was begun with.
        features: folder of features, for a detector that is trained on labels per video.
        settings: settings of the detector, such as ``--settings.fit_looks 1000``; with
            ``--resume``, those that the run was begun with.
        zones: a file of zones of the camera's picture (``docs/zones.md``): what is to be ignored
            is painted out before anything is learnt, and when the run scores; with ``--resume``,
            those that the run was begun with.
        root: folder that a manifest's paths are relative to, if the data moved.
        val_share: share of a folder's videos that is held out to calibrate; a manifest says
            itself which videos are held out.
        seed: fixes every random choice.
        resume: go on where an unfinished training stopped, and keep a finished run as it is;
            without it, a folder with a run is refused.
        oracle: also look at the test videos' truth during training and keep the checkpoint that
            is best there, labelled oracle, to compare with papers that choose so.
        drill: end with a short drill, which says what the run would notice, where the detector is
            fitted at once and has twenty minutes of normal footage or more.
        device: where a network is trained: auto (a GPU if there is one), cpu, cuda or mps.
        precision: ``32-true``, ``16-mixed``, ``bf16-mixed`` or ``64-true``.
        processes: processes per machine; with GPUs, one for each.
        nodes: machines; start more than one with ``torchrun``.
        track: what to send the training to as it goes on: ``mlflow``, ``wandb``,
            ``tensorboard``, several with commas between, or ``none``; by default those of the
            environment variable ``ODDFRAME_TRACK``, or MLflow where it is installed.

    Returns:
        The run; with ``drill``, what it would notice. With ``onto`` what it was taught.

    Raises:
        OddframeError: unusable footage, unknown detector, setting or tracker, or a folder in use.
    """
    if onto is not None:
        given = {
            "--out": out,
            "--detector": detector,
            "--features": features,
            "--settings": settings,
            "--zones": zones,
            "--resume": resume,
            "--oracle": oracle,
        }
        return _added(footage, onto, root, [name for name, value in given.items() if value])
    if out is None:
        raise OddframeError(
            "train: missing --out, the run folder to make; or --onto, a run to add the footage to"
        )
    request = FitRequest(
        footage=Footage.of_all(footage, root) if footage else None,
        out=out,
        detector=detector,
        features=features,
        settings=settings or {},
        zones=None if zones is None else read_zones(zones),
        val_share=val_share,
        seed=seed,
        resume=resume,
        oracle=oracle,
        drill=drill,
        hardware=Hardware(device, precision, processes, nodes),
        trackers=chosen(track),
    )
    return fit_run(request)


def _added(
    footage: Sequence[Path] | None, onto: Path, root: Path | None, of_another_run: Sequence[str]
) -> Taught:
    """Add normal footage to a run.

    Raises:
        OddframeError: besides, an option that would make another run is given.
    """
    if of_another_run:
        raise OddframeError(
            f"train: --onto adds to the run that it names, as that was fitted, and "
            f"{of_another_run[0]} is for another one; give one of them"
        )
    if not footage:
        raise OddframeError("train: --onto adds footage to a run; give a video, folder or manifest")
    return teach(read_run(onto), whole_recordings(Footage.of_all(footage, root)))
