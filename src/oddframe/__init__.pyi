"""oddframe finds the odd moments in video; made by tests/test_stub.py."""

from collections.abc import Sequence
from typing import Any

from oddframe.bags.loss_spread import LossSpreads
from oddframe.cards.card import Card
from oddframe.comparison.drilled import DrillComparison
from oddframe.comparison.result import Comparison
from oddframe.comparison.side_by_side import SideBySide
from oddframe.drills.drilling import Drilled
from oddframe.errors import OddframeError as OddframeError
from oddframe.errors import OddframeWarning as OddframeWarning
from oddframe.evaluation.evaluate import evaluate_scores as evaluate_scores
from oddframe.evaluation.result import Evaluation as Evaluation
from oddframe.exporting.export import Exported
from oddframe.exporting.package import CheckedPackage
from oddframe.files.fetched import Fetched
from oddframe.files.paths import AnyPath
from oddframe.fitting.fit import Trained
from oddframe.media.opening import open_video as open_video
from oddframe.programs.detector import Detector as Detector
from oddframe.programs.stream import Judged as Judged
from oddframe.reproduction.outcome import RecipeList, Reproduction
from oddframe.runs.run_folder import Run
from oddframe.scores.frame_scores import Scores as Scores
from oddframe.scoring.footage import Scored as Scored
from oddframe.sweeps.result import SweepResult
from oddframe.teaching.taught import Taught
from oddframe.tracking.sending import Tracked
from oddframe.verbs.cite import Cited
from oddframe.verbs.demo import Demo
from oddframe.verbs.doctor import doctor as doctor
from oddframe.verbs.extract import Extracted
from oddframe.verbs.merge_crops import Merged
from oddframe.verbs.reproduce import Checked
from oddframe.verbs.serve import Served
from oddframe.videos.manifest import Manifest as Manifest
from oddframe.videos.video import Event as Event
from oddframe.videos.video import Video as Video
from oddframe.watching.checking import CheckedCameras
from oddframe.watching.watched import Watched

__version__: str

def cite(what: AnyPath | None = ...) -> Cited: ...
def compare(
    scores: AnyPath | Sequence[AnyPath],
    out: AnyPath,
    *,
    manifest: AnyPath | None = ...,
    names: list[str] | None = ...,
    root: AnyPath | None = ...,
    split: str = ...,
    skip_first: int = ...,
    pairs: str | None = ...,
    resamples: int = ...,
    seed: int = ...,
    timelines: bool = ...,
    truth: bool = ...,
    published: list[str] | None = ...,
) -> Comparison | DrillComparison | SideBySide: ...
def demo(*, out: AnyPath = ..., seed: int = ...) -> Demo: ...
def drill(
    run: AnyPath,
    footage: AnyPath | None = ...,
    *,
    out: AnyPath | None = ...,
    root: AnyPath | None = ...,
    cases: int = ...,
    seed: int = ...,
    detector: str | None = ...,
) -> Drilled: ...
def evaluate(
    scores: AnyPath,
    manifest: AnyPath,
    out: AnyPath,
    *,
    root: AnyPath | None = ...,
    split: str = ...,
    val_scores: AnyPath | None = ...,
    oracle: AnyPath | None = ...,
    maps: AnyPath | None = ...,
    skip_first: int = ...,
    persistence: float | None = ...,
    resamples: int = ...,
    seed: int = ...,
    report: bool = ...,
) -> Evaluation: ...
def export(
    run: AnyPath | None = ...,
    out: AnyPath | None = ...,
    *,
    footage: AnyPath | None = ...,
    root: AnyPath | None = ...,
    features: AnyPath | None = ...,
    int8: bool = ...,
    detector: str | None = ...,
    check: AnyPath | None = ...,
) -> Exported | CheckedPackage: ...
def extract(
    footage: AnyPath | Sequence[AnyPath],
    out: AnyPath,
    *,
    backbone: str = ...,
    weights: AnyPath | None = ...,
    crops: str = ...,
    snippet_length: int = ...,
    stride: int | None = ...,
    rate: float | None = ...,
    split: str | None = ...,
    root: AnyPath | None = ...,
    batch: int = ...,
    mean: tuple[float, float, float] = ...,
    std: tuple[float, float, float] = ...,
    device: str = ...,
    workers: int | None = ...,
    ray: str | None = ...,
) -> Extracted: ...
def fetch(what: str = ..., *, out: AnyPath | None = ..., sha256: str | None = ...) -> Fetched: ...
def import_checkpoint(
    detector: str,
    checkpoint: AnyPath,
    out: AnyPath,
    *,
    crops: int | None = ...,
    dictionary: AnyPath | None = ...,
    memory: AnyPath | None = ...,
    settings: dict[str, Any] | None = ...,
    normal: AnyPath | None = ...,
    root: AnyPath | None = ...,
) -> Run: ...
def info(what: AnyPath, *, detector: str | None = ...) -> Card: ...
def learn(
    run: AnyPath,
    events: AnyPath | None = ...,
    *,
    normal: list[str] | None = ...,
    odd: list[str] | None = ...,
    undo: bool = ...,
    version: int | None = ...,
    list: bool = ...,
) -> Taught: ...
def losses(
    run: AnyPath,
    *,
    repeats: int = ...,
    features: AnyPath | None = ...,
    manifest: AnyPath | None = ...,
    splits: list[str] | None = ...,
    seed: int = ...,
    out: AnyPath | None = ...,
    detector: str | None = ...,
) -> LossSpreads: ...
def merge_crops(folder: AnyPath, out: AnyPath) -> Merged: ...
def open_run(run: AnyPath, *, detector: str | None = ...) -> Detector: ...
def prepare(
    dataset: str,
    root: AnyPath,
    out: AnyPath,
    *,
    val_share: float = ...,
    seed: int = ...,
    fps: float | None = ...,
    labels: str | None = ...,
    events: AnyPath | None = ...,
    allow_partial: bool = ...,
    annotations: AnyPath | None = ...,
    features: AnyPath | None = ...,
    intervals: str | None = ...,
    val_split: str = ...,
    legacy_lists: AnyPath | None = ...,
    compare_gt: AnyPath | None = ...,
    compare_list: AnyPath | None = ...,
) -> Manifest: ...
def reproduce(
    recipe: str | None = ...,
    *,
    data: AnyPath | None = ...,
    features: AnyPath | None = ...,
    weights: AnyPath | None = ...,
    out: AnyPath | None = ...,
    check: bool = ...,
    device: str = ...,
    processes: int = ...,
) -> Reproduction | Checked | RecipeList: ...
def score(
    run: AnyPath,
    footage: AnyPath | Sequence[AnyPath] | None = ...,
    *,
    out: AnyPath | None = ...,
    features: AnyPath | None = ...,
    weights: AnyPath | None = ...,
    zones: AnyPath | None = ...,
    root: AnyPath | None = ...,
    split: str | None = ...,
    start: str | float | None = ...,
    end: str | float | None = ...,
    oracle: bool = ...,
    causal: bool = ...,
    per_video: bool = ...,
    threshold: float | None = ...,
    merge: float | None = ...,
    min_length: float = ...,
    maps: bool = ...,
    report: bool = ...,
    annotate: bool = ...,
    clips: bool = ...,
    detector: str | None = ...,
    device: str = ...,
    workers: int | None = ...,
    ray: str | None = ...,
) -> Scored: ...
def serve(
    cameras: AnyPath | None = ...,
    *,
    state: AnyPath = ...,
    host: str = ...,
    port: int = ...,
    names: list[str] | None = ...,
    metrics: str | None = ...,
    runs: AnyPath | Sequence[AnyPath] | None = ...,
    footage: AnyPath | Sequence[AnyPath] | None = ...,
    set_password: str | None = ...,
) -> Watched | Served: ...
def sweep(
    file: AnyPath,
    *,
    out: AnyPath | None = ...,
    status: bool = ...,
    ray: str | None = ...,
    workers: int | None = ...,
    limit: int = ...,
) -> SweepResult: ...
def track(
    runs: AnyPath | Sequence[AnyPath], *, to: list[str] | None = ..., experiment: str | None = ...
) -> Tracked: ...
def train(
    footage: AnyPath | Sequence[AnyPath] | None,
    out: AnyPath | None = ...,
    *,
    onto: AnyPath | None = ...,
    detector: str | None = ...,
    features: AnyPath | None = ...,
    settings: dict[str, Any] | None = ...,
    zones: AnyPath | None = ...,
    root: AnyPath | None = ...,
    val_share: float = ...,
    seed: int = ...,
    resume: bool = ...,
    oracle: bool = ...,
    drill: bool = ...,
    device: str = ...,
    precision: str = ...,
    processes: int = ...,
    nodes: int = ...,
    track: list[str] | None = ...,
) -> Trained | Taught: ...
def watch(
    what: AnyPath,
    source: str | None = ...,
    *,
    state: AnyPath = ...,
    name: str = ...,
    pace: str = ...,
    transport: str = ...,
    threshold: float | None = ...,
    alarms_per_hour: float | None = ...,
    json: bool = ...,
    check: bool = ...,
    send: bool = ...,
    metrics: str | None = ...,
    ray: str | None = ...,
) -> Watched | CheckedCameras: ...

__all__ = [
    "Detector",
    "Evaluation",
    "Event",
    "Judged",
    "Manifest",
    "OddframeError",
    "OddframeWarning",
    "Scored",
    "Scores",
    "Video",
    "cite",
    "compare",
    "demo",
    "doctor",
    "drill",
    "evaluate",
    "evaluate_scores",
    "export",
    "extract",
    "fetch",
    "import_checkpoint",
    "info",
    "learn",
    "losses",
    "merge_crops",
    "open_run",
    "open_video",
    "prepare",
    "reproduce",
    "score",
    "serve",
    "sweep",
    "track",
    "train",
    "watch",
]
