"""The verb ``extract``: videos become features, one vector per crop of each snippet."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from oddframe.cluster.spread import Workers
from oddframe.console.progress import progress, says_how_to_go_on
from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones import DEFAULT, BackboneOptions
from oddframe.features.extraction import Extracting
from oddframe.features.feature_folder import FeatureFolder
from oddframe.features.feature_info import INFO_FILE
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.features.spread_extraction import extract_spread
from oddframe.files.atomic import begun_in
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.footage.given import Footage
from oddframe.videos.names import require_files_apart


@dataclass(frozen=True)
class Extracted:
    """What ``extract`` made.

    Attributes:
        features: the folder.
        extracted: how many videos were extracted now.
        kept: how many were there from an earlier run.
        failed: video id to the reason why it has no features.
    """

    features: FeatureFolder
    extracted: int
    kept: int
    failed: dict[str, str]


@text_paths
@alone_in_out
def extract(
    footage: list[Path],
    out: Path,
    *,
    backbone: str = DEFAULT,
    weights: Path | None = None,
    crops: str = "1",
    snippet_length: int = 16,
    stride: int | None = None,
    rate: float | None = None,
    split: str | None = None,
    root: Path | None = None,
    batch: int = 32,
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
    std: tuple[float, float, float] = (1.0, 1.0, 1.0),
    device: str = "auto",
    workers: int | None = None,
    ray: str | None = None,
) -> Extracted:
    """Extract features; stopped and started again, it goes on where it was.

    Args:
        footage: a video, a folder of videos or of images, several of these, or a manifest.
        out: the folder to write: one array per video, and ``features.json``.
        backbone: efficientnet-lite0, efficientnet-lite0-change, onnx, i3d-inception or
            i3d-resnet50.
        weights: the weight file of I3D, or the ONNX network.
        crops: 1 (the whole frame), 5, 10 or 10-deepmil (the centre first).
        snippet_length: frames per snippet.
        stride: frames from snippet to snippet; by default snippets do not overlap.
        rate: frames per second to resample to; by default every video keeps its own.
        split: only the manifest's train, val or test videos.
        root: folder that a manifest's paths are relative to, if the data moved.
        batch: crops that the network gets at once.
        mean: what is subtracted from R, G and B (0 to 255); used by onnx only.
        std: what R, G and B are divided by after that; used by onnx only.
        device: where the backbone computes: auto (a GPU if there is one), cpu or cuda; for I3D,
            the others run on the CPU.
        workers: processes that take video by video, on a CPU each; more than one needs Ray.
        ray: HOST:PORT of a Ray cluster to use, or auto for the one that runs on this machine; as
            many workers as it has CPUs unless workers says otherwise.

    Returns:
        The folder, and which videos failed.

    Raises:
        OddframeError: unusable footage or settings, a folder that was made with other settings,
            no video that could be extracted, or no Ray.
        KeyboardInterrupt: Ctrl-C; what is done is kept.
    """
    options = BackboneOptions(weights, mean, std, device)
    plan = SnippetPlan(snippet_length, snippet_length if stride is None else stride, crops, rate)
    able = Workers(workers, ray)
    given = Footage.of_all(footage, root)
    manifest = given.read(out=out)
    videos = manifest.split(split) if split else manifest.videos
    if not videos:
        raise OddframeError(
            f"{given.words}: no videos in the split '{split}'; use train, val or test"
        )
    require_files_apart((video.id for video in videos), out)
    how = Extracting(manifest, backbone, options, plan, out, batch)
    with progress() as bar, says_how_to_go_on(), begun_in(out, INFO_FILE):
        done = extract_spread(how, videos, able, bar.count)
        for video_id, reason in done.failed.items():
            if len(videos) == 1:
                raise OddframeError(reason)
            warnings.warn(f"{video_id}: left out ({reason})", OddframeWarning, stacklevel=2)
        if not done.extracted and not done.kept:
            raise OddframeError(
                f"{given.words}: none of {count(len(videos), 'video')} could be extracted; the "
                f"first: {next(iter(done.failed.values()))}"
            )
    failed = {**manifest.left_out, **done.failed}
    return Extracted(FeatureFolder.open(out), len(done.extracted), len(done.kept), failed)
