"""Scores of the same videos side by side where nobody knows what happened: who finds what odd."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from oddframe.comparison.sections.timelines import model_timelines, some_videos
from oddframe.console.words import count, duration
from oddframe.errors import OddframeError
from oddframe.files.atomic import write_json, write_text
from oddframe.media.clock import Clock
from oddframe.media.frames import DEFAULT_FOLDER_FPS
from oddframe.pages.colours import series_class
from oddframe.pages.document import Introduction, html_document
from oddframe.pages.figures import Mark
from oddframe.pages.tables import Cell, Facts, Table
from oddframe.reporting.wording import number
from oddframe.scores.detections import Detection
from oddframe.scores.events_file import Told, read_told
from oddframe.scores.frame_scores import Scores
from oddframe.scoring.result_folder import EVENTS, scores_in
from oddframe.videos.video import Video

FORMAT = "oddframe-side-by-side/1"
_MOST_SHOWN = 300


@dataclass(frozen=True)
class Moment:
    """A time at which one or more found something odd.

    Attributes:
        video: where.
        start, end: half-open interval in frames, over all who found it.
        found: name to the highest of the events that it found there.
    """

    video: str
    start: int
    end: int
    found: Mapping[str, Detection]


@dataclass(frozen=True)
class SideBySide:
    """Scores by name, in the order that they were given, of the same videos.

    Attributes:
        scores: of each.
        told: what ``events.json`` beside each tells of the videos.
    """

    scores: Mapping[str, Scores]
    told: Mapping[str, Mapping[str, Told]]

    @classmethod
    def of(cls, named: Mapping[str, Path]) -> SideBySide:
        """Read scores and their events.

        Raises:
            OddframeError: one has no events beside it, or they are of different videos.
        """
        files = {name: scores_in(path) if path.is_dir() else path for name, path in named.items()}
        scores = {name: Scores.read(path) for name, path in files.items()}
        first, *others = scores
        for name in others:
            for video in {*scores[first], *scores[name]}:
                one, two = (
                    len(s[video]) if video in s else None for s in (scores[first], scores[name])
                )
                if one != two:
                    raise OddframeError(
                        f"{files[name]}: expected scores of the same videos as {files[first]}, "
                        f"found others ('{video}': {one or 'no'} frames there, {two or 'none'} "
                        "here); score the same footage with each run"
                    )
        return cls(scores, {name: read_told(path.parent / EVENTS) for name, path in files.items()})

    def moments(self) -> list[Moment]:
        """What anybody found, in the order of videos and time; what overlaps is one."""
        found = []
        for video in next(iter(self.scores.values())):
            events = sorted(
                ((event, name) for name in self.scores for event in self._events(name, video)),
                key=lambda pair: pair[0].start,
            )
            group: list[tuple[Detection, str]] = []
            for event, name in events:
                if group and event.start >= max(one.end for one, _ in group):
                    found.append(_moment(video, group))
                    group = []
                group.append((event, name))
            if group:
                found.append(_moment(video, group))
        return found

    def text(self) -> str:
        """Lines for a terminal."""
        return "\n".join(self._sentences(self.moments()))

    def write(self, folder: Path) -> None:
        """Write ``comparison.html`` and ``comparison.json``.

        Raises:
            OddframeError: the folder cannot be written.
        """
        moments = self.moments()
        content = {
            "format": FORMAT,
            "scores": {
                name: {"threshold": part.threshold, "meta": dict(part.meta)}
                for name, part in self.scores.items()
            },
            "moments": [
                {
                    "video": moment.video,
                    "start": moment.start,
                    "end": moment.end,
                    "found": {name: asdict(event) for name, event in moment.found.items()},
                }
                for moment in moments
            ],
        }
        write_json(folder / "comparison.json", content)
        videos = self._videos()
        shown = some_videos(videos)
        sections = {
            "Odd moments": self._table(moments),
            "How they were made": self._facts(),
            "Timelines": model_timelines(shown, self.scores, len(videos)),
        }
        introduction = Introduction(
            lead=" ".join(
                f"{line}." for line in self._sentences(moments)
            ),  # names stay as they are
            notes=["Nothing says here what happened, so that no number says who is right."],
            origins=[
                (Mark(series_class(at), n), self._origin(n)) for at, n in enumerate(self.scores)
            ],
        )
        page = html_document("Scores side by side", introduction, sections)
        write_text(folder / "comparison.html", page)

    def _events(self, name: str, video: str) -> Sequence[Detection]:
        told = self.told[name].get(video)
        return told.events if told is not None else ()

    def _clock(self, video: str) -> Clock:
        """Its clock by its typical rate."""
        told = next(iter(self.told.values())).get(video)
        frames = len(next(iter(self.scores.values()))[video])
        return Clock(frames, (told.fps if told is not None else None) or DEFAULT_FOLDER_FPS)

    def _videos(self) -> list[Video]:
        one = next(iter(self.scores.values()))
        return [
            Video(video, "", "test", None, len(one[video]), self._clock(video).fps, 0, 0)
            for video in one
        ]

    def _sentences(self, moments: Sequence[Moment]) -> list[str]:
        lines = [
            f"{name} finds {count(sum(name in one.found for one in moments), 'odd moment')}"
            for name in self.scores
        ]
        for one, other in itertools.combinations(self.scores, 2):
            both = sum(one in part.found and other in part.found for part in moments)
            alone = [sum(name in part.found for part in moments) - both for name in (one, other)]
            lines.append(
                f"{one} and {other} find {both} of them both, {one} alone {alone[0]}, {other} "
                f"alone {alone[1]}"
            )
        return lines

    def _table(self, moments: Sequence[Moment]) -> Table | None:
        if not moments:
            return None
        head = [Cell("video"), Cell("when"), *(Cell(name, "number") for name in self.scores)]
        rows = []
        for moment in moments[:_MOST_SHOWN]:
            first, last = self._clock(moment.video).span(moment.start, moment.end)
            when = f"{duration(first)}, for {duration(last - first)}"
            cells = [Cell(moment.video), Cell(when)]
            for name in self.scores:
                event = moment.found.get(name)
                notes = [event.reason] if event is not None and event.reason else []
                peak = "" if event is None else number(event.peak_score)
                cells.append(Cell(peak, "number value" if event else "number", notes))
            rows.append(cells)
        left = len(moments) - len(rows)
        label = f"Odd moments, and the highest score of each{f'; {left} more' if left else ''}"
        return Table(label, head, rows)

    def _facts(self) -> Facts:
        rows = []
        for name, part in self.scores.items():
            alarming = sum(
                event.end - event.start for video in part for event in self._events(name, video)
            )
            frames = sum(len(values) for values in part.values.values())
            share = 100 * alarming / frames
            odd = f"{share:.0f}" if share >= 10 else f"{share:.2g}"  # never 1e+02
            limit = part.threshold
            said = "no threshold" if limit is None else f"threshold {number(limit)}"
            highest = max(float(np.max(values)) for values in part.values.values())
            rows.append((name, f"{said}; highest score {number(highest)}; odd for {odd} %"))
        return Facts(rows)

    def _origin(self, name: str) -> str:
        meta = self.scores[name].meta
        return f"{meta.get('detector', 'not stated')}, run {meta.get('run', 'not stated')}"


def _moment(video: str, group: Sequence[tuple[Detection, str]]) -> Moment:
    found: dict[str, Detection] = {}
    for event, name in group:
        if name not in found or event.peak_score > found[name].peak_score:
            found[name] = event
    start, end = min(event.start for event, _ in group), max(event.end for event, _ in group)
    return Moment(video, start, end, found)
