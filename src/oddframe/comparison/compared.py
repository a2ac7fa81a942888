"""Several results of the same videos side by side, into a folder: numbers, tables and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oddframe.comparison.compare import compare_scores
from oddframe.comparison.contenders import Contender, maps_beside, read_contender, shared_manifest
from oddframe.comparison.drilled import DrillComparison
from oddframe.comparison.published_numbers import datasets_published, published_for
from oddframe.comparison.result import Comparison
from oddframe.drills.result import drill_folder, is_drill
from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Evaluation
from oddframe.footage.given import Footage
from oddframe.media.containers import VIDEO_SUFFIXES
from oddframe.scores.score_files import KINDS
from oddframe.settings.reading import check_seed
from oddframe.videos.manifest import Manifest
from oddframe.videos.names import checked_name

if TYPE_CHECKING:
    from oddframe.comparison.side_by_side import SideBySide


@dataclass(frozen=True)
class CompareRequest:
    """What is compared, on what, and what is written.

    Attributes:
        results: score files, runs or sweeps, two or more.
        out: folder for the numbers, the tables and the page.
        manifest: the manifest with the truth, or footage with a file of its events beside each
            video; None for the one that the runs were trained on.
        names: a name for each; by default the folder or file name.
        root: folder that the manifest's paths are relative to, if the data moved.
        split: the split to evaluate.
        skip_first: frames at the beginning of each video that do not count.
        pairs: differences of ``all`` pairs, or of the ``first`` with each other one.
        resamples: bootstrap resamples over videos.
        seed: fixes the resamples of the bootstrap.
        timelines: draw every video with the scores of all.
        truth: whether it is known what happened, so that something can be measured.
        published: other data sets whose published numbers are shown too, in tables of their own.
    """

    results: Sequence[Path]
    out: Path
    manifest: Path | None = None
    names: Sequence[str] | None = None
    root: Path | None = None
    split: str = "test"
    skip_first: int = 0
    pairs: str | None = None
    resamples: int = RESAMPLES
    seed: int = 0
    timelines: bool = True
    truth: bool = True
    published: Sequence[str] = ()

    def named(self) -> dict[str, Path]:
        """By its name what is compared.

        Raises:
            OddframeError: fewer than two, nothing there, or names that do not tell them apart.
        """
        missing = next((path for path in self.results if not path.exists()), None)
        if missing is not None:
            raise OddframeError(
                f"{missing}: expected scores, a run or a sweep, found nothing there; check the "
                "path, or make scores with 'oddframe score'"
            )
        amount = len(self.results)
        if amount < 2:
            raise OddframeError(
                f"compare needs at least two score files, runs or sweeps, found {amount}"
            )
        chosen = [checked_name(name) for name in self.names or short_names(self.results)]
        if len(chosen) != amount or len(set(chosen)) != amount:
            raise OddframeError(
                f"compare: expected {amount} different names, found {', '.join(chosen)}; give one "
                "for each with --names a,b"
            )
        return dict(zip(chosen, self.results, strict=True))

    def contenders(self) -> tuple[Manifest, dict[str, Contender]]:
        """The truth, and by its name what is compared.

        Raises:
            OddframeError: see :meth:`named`; or something else than scores, runs and sweeps.
        """
        check_seed(self.seed)
        for dataset in self.published:
            if not published_for(dataset):
                raise OddframeError(
                    f"--published {dataset}: no published numbers of this data set are known; "
                    f"give some of {', '.join(datasets_published())}"
                )
        named = self.named()
        if self.manifest:
            truth = _truth_of(self.manifest, self.root)
        else:
            truth = shared_manifest(self.results, self.split, self.root)
        return truth, {
            name: read_contender(path, self.split, truth) for name, path in named.items()
        }


def compare_into(request: CompareRequest) -> Comparison | DrillComparison | SideBySide:
    """Compare, and write numbers, tables and the page into a folder; drills are compared as drills.

    Raises:
        OddframeError: see :meth:`CompareRequest.contenders`; scores that do not fit the manifest;
            or drills among other things.
    """
    request = replace(request, results=[drill_folder(path) for path in request.results])
    if any(is_drill(path) for path in request.results):
        from oddframe.comparison.page import remove_comparison

        compared = DrillComparison.of(request.named())
        remove_comparison(request.out)
        compared.write(request.out)
        return compared
    if not request.truth:
        from oddframe.comparison.page import remove_comparison
        from oddframe.comparison.side_by_side import SideBySide

        beside = SideBySide.of(request.named())
        remove_comparison(request.out)
        beside.write(request.out)
        return beside
    truth, found = request.contenders()
    split, skip_first, out = request.split, request.skip_first, request.out
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
        pairs=request.pairs,
        resamples=request.resamples,
        seed=request.seed,
    )
    # Of repeats the first is drawn: mean scores would be those of an ensemble, another model.
    drawn = {name: part.scores[0] for name, part in found.items()}
    evaluations = {
        name: evaluate_scores(part, truth, split=split, skip_first=skip_first, resamples=0)
        for name, part in drawn.items()
    }
    from oddframe.comparison.page import remove_comparison, write_comparison

    comparison = replace(comparison, doubts=_doubts(found, evaluations))
    remove_comparison(out)
    comparison.write(out / "comparison.json")
    shown = truth.split(split) if request.timelines else ()
    write_comparison(
        out,
        comparison,
        title=f"Comparison on {truth.dataset}",
        evaluations=evaluations,
        videos=shown,
        scores={name: part.of_split(truth, split) for name, part in drawn.items()},
        curves={name: part.curves for name, part in found.items() if part.curves},
        published=published_for(truth.dataset) if split == "test" else (),
        elsewhere=[
            row
            for dataset in dict.fromkeys(request.published)
            if dataset != truth.dataset or split != "test"
            for row in published_for(dataset)
        ],
    )
    return comparison


def _truth_of(path: Path, root: Path | None) -> Manifest:
    """The truth of a manifest; or of footage, beside which it stands what happened.

    Raises:
        OddframeError: no manifest, no footage, or nothing that stands beside it.
    """
    if not path.is_dir() and path.suffix.lower() not in VIDEO_SUFFIXES:
        return Manifest.read(path, root)
    footage = Footage.given(path).read(labels=True)
    if not any(video.events for video in footage):
        raise OddframeError(
            f"{path}: expected a manifest, or footage with its events beside it (a.csv beside "
            "a.mp4, a 0 or 1 for each frame), found no event; 'oddframe prepare folder' makes a "
            "manifest of other files"
        )
    videos = (replace(video, split="test", label=video.label or "normal") for video in footage)
    return replace(footage, videos=tuple(videos))


def _doubts(
    found: Mapping[str, Contender], evaluations: Mapping[str, Evaluation]
) -> dict[str, list[str]]:
    """By the name of each whose numbers are in doubt, why."""
    from oddframe.reporting.wording import doubts

    doubtful = {}
    for name, part in found.items():
        lines = doubts({}, evaluations[name])
        lines += [line for other in part.scores[1:] for line in doubts(other.meta, None)]
        if lines:
            doubtful[name] = list(dict.fromkeys(lines))
    return doubtful


def short_names(paths: Sequence[Path]) -> list[str]:
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
