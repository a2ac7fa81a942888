"""How much RBDC and TBDC depend on the size of the maps, on the grid and on the thresholds.

    oddframe prepare ucsd-ped2 ../shared/data/ped2 --out ped2.jsonl
    oddframe train ped2.jsonl --out run
    oddframe score run ped2.jsonl --out run/scores/offline/scores.npz
    python bench/region_grid.py ped2.jsonl run/scores/offline/maps

Every fourth frame of the test videos, tracks linked anew over those.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from oddframe.evaluation.metrics import region_detections, region_metrics
from oddframe.evaluation.metrics.pixel_metrics import resize_map
from oddframe.evaluation.metrics.region_metrics import count_regions
from oddframe.evaluation.metrics.truth_regions import regions_from_mask
from oddframe.scores.maps import read_maps
from oddframe.videos.manifest import Manifest
from oddframe.videos.pixel_truth import read_mask
from provenance import provenance, publish, run

HERE = Path(__file__).resolve().parent
GRID, THRESHOLDS = region_detections.LONGEST, region_metrics.THRESHOLDS
CASES = (
    ((), GRID, THRESHOLDS),
    *(((side, side * 2 // 3), GRID, THRESHOLDS) for side in (120, 180, 360, 720)),
    ((), GRID, 10**9),
    ((), GRID, 250),
    ((), GRID // 2, THRESHOLDS),
    ((), GRID * 2, THRESHOLDS),
)
"""Size that the maps are brought to first, () for none; longer side of the grid; thresholds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "region_grid.txt")
    options = parser.parse_args()

    manifest = Manifest.read(options.manifest)
    videos = {video.id: video for video in manifest.videos if video.split == "test"}
    files = read_maps(options.maps, videos)
    maps = {key: np.array(files[key][:: options.every]) for key in videos}
    truth = {
        key: regions_from_mask(read_mask(video, manifest.root)[:: options.every])
        for key, video in videos.items()
    }
    sizes = {key: (video.width, video.height) for key, video in videos.items()}
    stored = next(iter(maps.values())).shape
    names = ("maps brought to", "grid", "thresholds at most", "RBDC", "TBDC", "processor")
    head, result = provenance(), []
    lines = ["", f"maps of {stored[2]}x{stored[1]}", "".join(f"{name:>20}" for name in names)]
    for size, grid, thresholds in CASES:
        region_detections.LONGEST, region_metrics.THRESHOLDS = grid, thresholds
        given = {
            key: np.stack([resize_map(one, size or one.shape[::-1]) for one in part])
            for key, part in maps.items()
        }
        began = time.process_time()
        counts = count_regions(given, truth, sizes)
        seconds = time.process_time() - began
        once = np.ones((1, len(maps)))
        values = [float(counts.rbdc(once)[0]), float(counts.tbdc(once)[0])]
        cells = ("x".join(map(str, size)) or "as stored", grid, thresholds)
        shown = [*cells, *(f"{value:.4f}" for value in values), f"{seconds:.1f} s"]
        lines.append("".join(f"{cell:>20}" for cell in shown))
        result.append({"size": size, "grid": grid, "thresholds": thresholds, "values": values})
    publish(head, lines, result, options.out)


if __name__ == "__main__":
    run(main)
