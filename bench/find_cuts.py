"""How many cuts are found in joined footage, and how many in footage that has none.

    python bench/find_cuts.py [ped2 | noFight | home-office | home-office-days]

Normal footage only, from $ODDFRAME_DATA (default ../shared/data), no test videos. Each set is seen
as scoring sees it, once uncut, which gives false cuts an hour, and in 400 joins of two pieces of 30
frames from two of its recordings (of ped2 and the home office: of one camera at two times). Breaks
that are taken for light that is switched are counted beside them; how alike edges run is told for
the joins and, of uncut footage, where it becomes much brighter or darker. The numbers of the rule
were chosen on the first three and 8 hours of ``home-office-days``; the other 28 chose nothing.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from oddframe.media.continuity import BreakFinder, Kind
from oddframe.media.opening import open_video
from oddframe.media.sketches import SIZE, SWITCHED, Sketch
from oddframe.media.watched_video import watched

DATA = Path(os.environ.get("ODDFRAME_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
LENGTH, JOINS, SEED = 30, 400, 7
SETS: dict[str, tuple[str, str, float, int]] = {
    "ped2": ("ped2/training/frames", "*", 10, 0),
    "noFight": ("surveillance-fights/noFight", "*", 30, 0),
    "home-office": ("home-office/train", "*.mp4", 5, 9000),
    "home-office-days": ("home-office-days", "*.mp4", 5, 9000),
}
"""Name to folder, pattern, frames per second, and frames read of each recording (0: all)."""

Seen = list[tuple[float, np.ndarray]]


def pictures(path: Path, fps: float, most: int) -> tuple[Seen, dict[int, Kind]]:
    """Time and small picture of each frame, and the breaks that are found."""
    seen: Seen = []
    with open_video(path, fps) as video:
        footage = watched(video)
        for frame in footage:
            seen.append((frame.seconds, frame.grey((256, 192), "bilinear")))
            if len(seen) == most:
                break
        return seen, footage.breaks


def breaks(seen: Seen, fps: float) -> dict[int, Kind]:
    """Where joined pieces do not go on."""
    finder = BreakFinder()
    for index, (_, picture) in enumerate(seen):
        finder.see(index / fps, picture)
    finder.end()
    return finder.breaks


def alike(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """How much brighter or darker a picture is, and how alike edges run."""
    old, new = (
        Sketch.of(cv2.resize(p, SIZE, interpolation=cv2.INTER_AREA)) for p in (before, after)
    )
    return new.brightening(old), new.same_edges(old)


def measure(name: str) -> None:
    """Print one line about a set."""
    folder, pattern, fps, most = SETS[name]
    random = np.random.default_rng(SEED)
    pieces: list[list[Seen]] = []
    frames, false, lights, started = 0, 0, 0, time.process_time()
    for path in sorted((DATA / folder).glob(pattern)):
        seen, found = pictures(path, fps, most)
        frames += len(seen)
        false += sum(kind == "cut" for kind in found.values())
        lights += sum(kind == "light" for kind in found.values())
        means = np.array([float(picture[::8, ::8].mean()) for _, picture in seen])
        for at in np.flatnonzero(np.abs(np.diff(means)) >= SWITCHED / 2) + 1:
            brightening, same = alike(seen[at - 1][1], seen[at][1])
            if brightening >= SWITCHED:
                print(f"  {path.name} frame {at}: {brightening:.0f} levels, edges {same:.2f}")
        starts = random.integers(0, max(1, len(seen) - LENGTH), 20)
        pieces.append([seen[start : start + LENGTH] for start in starts])
    hours = frames / fps / 3600
    hits = lit = extra = 0
    edges = []
    for _ in range(JOINS):
        first, second = random.choice(len(pieces), 2, replace=False)
        one = pieces[first][random.integers(20)]
        joined = [*one, *pieces[second][random.integers(20)]]
        found_there = breaks(joined, fps)
        edges.append(alike(joined[len(one) - 1][1], joined[len(one)][1])[1])
        hits += found_there.get(len(one)) == "cut"
        lit += found_there.get(len(one)) == "light"
        extra += len(set(found_there) - {len(one)})
    print(
        f"{name}: {len(pieces)} recordings, {hours:.2f} h, {false} false cuts "
        f"({false / hours:.2f} an hour), {lights} lights; {hits} of {JOINS} joins found, {lit} "
        f"taken for light, {extra} beside them; edges alike in the middle join "
        f"{np.median(edges):.2f}, in 99 of 100 below {np.quantile(edges, 0.99):.2f}; "
        f"{(time.process_time() - started) / frames * 1e6:.0f} us of CPU a frame with decoding",
        flush=True,
    )


if __name__ == "__main__":
    for chosen in sys.argv[1:] or SETS:
        measure(chosen)
