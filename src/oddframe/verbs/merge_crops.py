"""The verb ``merge-crops``: one file per crop becomes one array per video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.console.progress import progress
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.features.feature_writing import begin_folder, finished_videos, write_features
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.media.fingerprints import Fingerprint
from oddframe.videos.names import require_files_apart


@dataclass(frozen=True)
class Merged:
    """What ``merge-crops`` made: the folder."""

    features: FeatureFolder


@text_paths
@alone_in_out
def merge_crops(folder: Path, out: Path) -> Merged:
    """Write features that have one file per crop as one array per video.

    Values and their type stay as they are. Stopped and started again, it goes on where it was.

    Args:
        folder: features with files like NAME__0.npy, each (snippets, channels).
        out: the folder to write.

    Returns:
        The merged folder.

    Raises:
        OddframeError: not one file per crop, crops missing or of differing shape, or a folder
            that holds something else.
    """
    source = FeatureFolder.open(folder)
    if source.info.get("layout") != "file-per-crop":
        raise OddframeError(
            f"{folder}: expected one file per crop, like NAME__0.npy; found one per video, which "
            "needs no merging"
        )
    if out.resolve().is_relative_to(folder.resolve()):
        raise OddframeError(f"{out}: lies inside {folder}; choose a folder outside it with --out")
    require_files_apart(source.ids, out)
    info = {name: value for name, value in source.info.items() if name != "layout"}
    begin_folder(out, {**info, "backbone": {"name": f"published files of {folder.name}"}})
    counts = {video_id: source.snippets(video_id) for video_id in source.ids}
    kept = finished_videos(out, counts, lambda name: source.files[name])
    with progress() as bar:
        for done, video_id in enumerate(source.ids, start=1):
            if video_id not in kept:
                made_of = Fingerprint.of(source.files[video_id])
                write_features(out, video_id, source.read(video_id), made_of)
            bar.count("merging crops", done, len(source.ids))
    return Merged(FeatureFolder.open(out))
