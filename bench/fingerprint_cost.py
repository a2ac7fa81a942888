"""What it costs that each recording is read once more for its fingerprint, beside scoring it.

    python bench/fingerprint_cost.py RUN RECORDINGS

The fingerprint (:mod:`oddframe.media.fingerprints`) is the SHA-256 of a recording's files. Both are
measured in processor time, with the files in the system's cache; a disk is read once either way, as
what was just hashed is still in the cache when it is decoded, unless it is larger than memory.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from oddframe.media.fingerprints import Fingerprint, recording_files
from oddframe.verbs.score import score
from provenance import provenance, publish, run

TIMES = 3
"""Each is measured so often; the least counts."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("recordings", type=Path, help="a manifest, a video or a folder of videos")
    parser.add_argument("--out", type=Path, help="file for the table")
    options = parser.parse_args()

    head = provenance()
    scoring, hashing = [], []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            scored = score(options.run, options.recordings, out=Path(folder) / "scores.npz")
            scoring.append(time.process_time() - started)
        files = [recording_files(scored.manifest.locate(video)) for video in scored.manifest]
        started = time.process_time()
        for part in files:
            Fingerprint.of(part)
        hashing.append(time.process_time() - started)
    size = sum(file.stat().st_size for part in files for file in part)
    frames = sum(video.frames for video in scored.manifest)
    share = min(hashing) / min(scoring)
    lines = [
        "",
        f"{len(files)} recordings, {sum(map(len, files)):,} files, {size / 1e6:.1f} MB, "
        f"{frames:,} frames",
        f"scoring, fingerprints included   {min(scoring):8.2f} s of processor time",
        f"of that the fingerprints         {min(hashing):8.3f} s, {share:.2%}",
    ]
    result = {"scoring": min(scoring), "hashing": min(hashing), "share": share, "bytes": size}
    publish(head, lines, result | {"frames": frames}, options.out)


if __name__ == "__main__":
    run(main)
