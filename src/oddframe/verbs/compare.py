"""The verb ``compare``: several score sets of the same videos side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.evaluation.compare import Comparison, compare_scores
from oddframe.evaluation.evaluate import evaluate_scores, scores_of_split
from oddframe.scores import Scores
from oddframe.training.settings import check_seed
from oddframe.videos import Manifest


def compare(
    scores: list[Path],
    *,
    manifest: Path,
    out: Path,
    names: list[str] | None = None,
    root: Path | None = None,
    split: str = "test",
    resamples: int = 1000,
    seed: int = 0,
    timelines: bool = True,
) -> Comparison:
    """Compare score files: metrics with intervals, and paired differences over the same videos.

    Args:
        scores: two or more score files or folders. One that covers the validation videos too
            gets thresholds that are chosen on them.
        manifest: the manifest with the truth.
        out: folder for ``comparison.html``, ``comparison.json``, the tables as CSV and
            ``plots/``.
        names: a name for each, as ``--names a,b``; by default the folder or file name.
        root: folder that the manifest's paths are relative to, if the data moved.
        split: the split to evaluate.
        resamples: bootstrap resamples over videos.
        seed: of the bootstrap; the same resamples are used for all.
        timelines: draw every video with the scores of all.

    Returns:
        The comparison.

    Raises:
        OddframeError: fewer than two score sets, or scores that do not fit the manifest.
    """
    check_seed(seed)
    if len(scores) < 2:
        raise OddframeError(f"compare needs at least two score files, found {len(scores)}")
    chosen = names or _names(scores)
    if len(chosen) != len(scores) or len(set(chosen)) != len(chosen):
        raise OddframeError(
            f"compare: expected {len(scores)} different names, found {', '.join(chosen)}"
        )
    truth = Manifest.read(manifest, root)
    named = {name: Scores.read(path) for name, path in zip(chosen, scores, strict=True)}
    comparison = compare_scores(named, truth, split=split, resamples=resamples, seed=seed)
    evaluations = {
        name: evaluate_scores(part, truth, split=split, resamples=0) for name, part in named.items()
    }
    from oddframe.reporting.comparison_page import write_comparison
    from oddframe.reporting.wording import doubts

    found = {name: doubts({}, evaluation) for name, evaluation in evaluations.items()}
    comparison = replace(comparison, doubts={name: why for name, why in found.items() if why})
    comparison.write(out / "comparison.json")
    shown = truth.split(split) if timelines else ()
    write_comparison(
        out,
        comparison,
        title=f"Comparison on {truth.dataset}",
        evaluations=evaluations,
        videos=shown,
        scores={name: scores_of_split(part, truth, split) for name, part in named.items()},
    )
    return comparison


def _names(paths: list[Path]) -> list[str]:
    """File names, with as many parent folders as it takes to tell them apart.

    What ``score`` calls every file and folder, ``scores``, is left off the end where names stay
    distinct without it: ``run-a/scores.npz`` is ``run-a``.
    """
    # A folder's name has no suffix.
    whole = [
        (path.with_suffix("") if path.suffix == ".npz" else path).parts
        for path in (path.resolve() for path in paths)
    ]
    short = [_without_scores(parts) for parts in whole]
    for parts in (short, whole):
        for depth in range(1, max(map(len, parts)) + 1):
            names = ["/".join(one[-depth:]) for one in parts]
            if len(set(names)) == len(names):
                return names
    return [str(path) for path in paths]


def _without_scores(parts: tuple[str, ...]) -> tuple[str, ...]:
    end = len(parts)
    while end > 2 and parts[end - 1] == "scores":  # the root is no name
        end -= 1
    return parts[:end]
