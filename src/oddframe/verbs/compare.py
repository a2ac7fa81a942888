"""The verb ``compare``: runs, sweeps and score files of the same videos side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from oddframe.comparison.compare import Comparison, compare_scores
from oddframe.comparison.contenders import maps_beside, read_contender, shared_manifest
from oddframe.comparison.published_numbers import published_for
from oddframe.errors import OddframeError
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.files.folder_lock import alone_in_out
from oddframe.files.paths import text_paths
from oddframe.scores.score_files import KINDS
from oddframe.settings.reading import check_seed
from oddframe.videos.manifest import Manifest
from oddframe.videos.names import checked_name


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
    resamples: int = 1000,
    seed: int = 0,
    timelines: bool = True,
) -> Comparison:
    """Compare runs, sweeps and score files: metrics with intervals, and paired differences.

    Args:
        scores: two or more score files, folders of one file per video, run folders, or sweep
            folders. Of a sweep the configuration counts that is best on validation in the mean
            over its seeds, and its numbers are means over them. Scores that cover the validation
            videos too get thresholds that are chosen on them.
        out: folder for ``comparison.html``, ``comparison.json``, the tables as CSV and
            LaTeX, and ``plots/``.
        manifest: the manifest with the truth; without it, the one that the runs were trained on.
        names: a name for each, as ``--names a,b``; by default the folder or file name.
        root: folder that the manifest's paths are relative to, if the data moved.
        split: the split to evaluate.
        skip_first: leave out so many frames at the beginning of each video, as ``evaluate`` does,
            of all models alike.
        pairs: differences of ``all`` pairs, or of the ``first`` with each other one; by default
            all for up to five.
        resamples: bootstrap resamples over videos.
        seed: of the bootstrap; the same resamples are used for all.
        timelines: draw every video with the scores of all.

    Returns:
        The comparison.

    Raises:
        OddframeError: fewer than two things, a run without scores of the split or with several, or
            scores that do not fit the manifest.
    """
    check_seed(seed)
    missing = next((path for path in scores if not path.exists()), None)
    if missing is not None:
        raise OddframeError(
            f"{missing}: expected scores, a run or a sweep, found nothing there; check the path, "
            "or make scores with 'oddframe score'"
        )
    if len(scores) < 2:
        raise OddframeError(
            f"compare needs at least two score files, runs or sweeps, found {len(scores)}"
        )
    chosen = [checked_name(name) for name in names or _names(scores)]
    if len(chosen) != len(scores) or len(set(chosen)) != len(chosen):
        raise OddframeError(
            f"compare: expected {len(scores)} different names, found {', '.join(chosen)}; give one "
            "for each with --names a,b"
        )
    truth = Manifest.read(manifest, root) if manifest else shared_manifest(scores, split, root)
    found = {
        name: read_contender(path, split, truth) for name, path in zip(chosen, scores, strict=True)
    }
    comparison = compare_scores(
        {name: part.scores for name, part in found.items()},
        truth,
        # The oracle's checkpoint was selected on the test videos; elsewhere it is no oracle.
        oracle={
            name: part.oracle for name, part in found.items() if part.oracle and split == "test"
        },
        maps=maps_beside(found, [video.id for video in truth.split(split)]),
        origins={name: part.origin for name, part in found.items()},
        split=split,
        skip_first=skip_first,
        pairs=pairs,
        resamples=resamples,
        seed=seed,
    )
    # Of repeats the first is drawn: mean scores would be those of an ensemble, another model.
    drawn = {name: part.scores[0] for name, part in found.items()}
    evaluations = {
        name: evaluate_scores(part, truth, split=split, skip_first=skip_first, resamples=0)
        for name, part in drawn.items()
    }
    from oddframe.comparison.page import remove_comparison, write_comparison
    from oddframe.reporting.wording import doubts

    doubtful = {}
    for name, part in found.items():
        lines = doubts({}, evaluations[name])
        lines += [line for other in part.scores[1:] for line in doubts(other.meta, None)]
        if lines:
            doubtful[name] = list(dict.fromkeys(lines))
    comparison = replace(comparison, doubts=doubtful)
    remove_comparison(out)
    comparison.write(out / "comparison.json")
    shown = truth.split(split) if timelines else ()
    write_comparison(
        out,
        comparison,
        title=f"Comparison on {truth.dataset}",
        evaluations=evaluations,
        videos=shown,
        scores={name: part.of_split(truth, split) for name, part in drawn.items()},
        curves={name: part.curves for name, part in found.items() if part.curves},
        published=published_for(truth.dataset) if split == "test" else (),
    )
    return comparison


def _names(paths: list[Path]) -> list[str]:
    """File names, with as many parent folders as it takes to tell them apart.

    What ``score`` calls every file and folder, ``scores``, is left off the end where names stay
    distinct without it: ``run-a/scores.npz`` is ``run-a``.
    """
    # A folder's name has no suffix.
    whole = [
        (path.with_suffix("") if path.suffix in (".npz", *KINDS) else path).parts
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
