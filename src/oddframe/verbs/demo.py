"""The verb ``demo``: the whole way on a generated scene, from pixels to the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.datasets.synthetic import require_scene
from oddframe.errors import OddframeError
from oddframe.evaluation.result import Evaluation
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.verbs.evaluate import evaluate
from oddframe.verbs.prepare import prepare
from oddframe.verbs.score import score
from oddframe.verbs.train import train

FIT_LOOKS = 240
"""Fewer than the detector would look at in two minutes of footage, so that a demo stays short."""


@dataclass(frozen=True)
class Demo:
    """What ``demo`` made: the numbers and the report page."""

    evaluation: Evaluation
    report: Path


@text_paths
@alone_in_out
def demo(*, out: Path = Path("oddframe-demo"), seed: int = 0) -> Demo:
    """Render a small scene, fit the default detector, score, evaluate, report.

    Args:
        out: folder for everything that is made; what is there already is used again.
        seed: fixes what happens in the scene, and the training.

    Returns:
        The evaluation and the path of the report.

    Raises:
        OddframeError: the folder holds a demo of another seed, or something else.
    """
    require_scene(out, "scene/")
    manifest = out / "manifest.jsonl"
    print("1/4  rendering a square with walkers, and a few odd ones among them", flush=True)
    prepare("synthetic", out / "scene", manifest, seed=seed)
    print("2/4  fitting the fixed-camera detector to the normal videos", flush=True)
    settings = {"fit_looks": FIT_LOOKS}
    run = train([manifest], out / "run", seed=seed, settings=settings, resume=True, track=[])
    if run.config.get("seed") != seed:
        raise OddframeError(
            f"{out}: expected a demo of seed {seed}, found a run of seed {run.config.get('seed')}; "
            "choose another folder with --out"
        )
    print("3/4  scoring the test videos", flush=True)
    scored = score(run.folder, [manifest], out=out / "scores" / "scores.npz")
    print("4/4  evaluating, with 1000 bootstrap resamples over videos\n", flush=True)
    evaluation = evaluate(scored.path, manifest, out / "report")
    return Demo(evaluation, out / "report" / "report.html")
