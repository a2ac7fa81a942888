"""The verb ``compare``: runs, sweeps and score files of the same videos side by side."""

from __future__ import annotations

from pathlib import Path

from oddframe.comparison.compared import CompareRequest, compare_into
from oddframe.comparison.drilled import DrillComparison
from oddframe.comparison.result import Comparison
from oddframe.comparison.side_by_side import SideBySide
from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths


@text_paths
@alone_in_out
def compare(
    scores: list[Path],
    out: Path,
    *,
    manifest: Path | None = None,
    names: list[str] | None = None,
    root: Path | None = None,
    split: str = "test",
    skip_first: int = 0,
    pairs: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    timelines: bool = True,
    truth: bool = True,
    published: list[str] | None = None,
) -> Comparison | DrillComparison | SideBySide:
    """Compare runs, sweeps and score files: metrics with intervals, and paired differences.

    Args:
        scores: two or more score files, folders of one file per video, run folders, or sweep
            folders; or two or more folders of ``drill``, which need no manifest. Of a sweep the
            configuration counts that is best on validation in the mean over its seeds, and its
            numbers are means over them. Scores that cover the validation videos too get thresholds
            that are chosen on them.
        out: folder for ``comparison.html``, ``comparison.json``, the tables as CSV and
            LaTeX, and ``plots/``.
        manifest: the manifest with the truth, or footage with the events of each video in a file
            beside it (``evening.mp4``, ``evening.csv``: docs/data-sets.md); without it, the one
            that the runs were trained on.
        names: a name for each, as ``--names a,b``; by default the folder or file name.
        root: folder that the manifest's paths are relative to, if the data moved.
        split: the split to evaluate.
        skip_first: leave out so many frames at the beginning of each video, as ``evaluate`` does,
            of all models alike.
        pairs: differences of ``all`` pairs, or of the ``first`` with each other one; by default
            all for up to five.
        resamples: bootstrap resamples over videos.
        seed: fixes the resamples of the bootstrap, which are the same for all.
        timelines: draw every video with the scores of all.
        truth: whether it is known what happened in the videos. Where it is not, nothing is
            measured: the scores, and the events beside them, are shown side by side.
        published: data sets whose published numbers are shown as well, beside those of the one
            compared and in tables of their own, as ``--published avenue``.

    Returns:
        The comparison.

    Raises:
        OddframeError: fewer than two things, a run without scores of the split or with several, or
            scores that do not fit the manifest.
    """
    request = CompareRequest(
        results=scores,
        out=out,
        manifest=manifest,
        names=names,
        root=root,
        split=split,
        skip_first=skip_first,
        pairs=pairs,
        resamples=resamples,
        seed=seed,
        timelines=timelines,
        truth=truth,
        published=published or (),
    )
    return compare_into(request)
