"""Scores of live frames of which not all are looked at."""

import pytest

from oddframe.runs.run_folder import read_run
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of
from oddframe.watching.scorer import LiveScorer
from oddframe.zones.zone import Zones


@pytest.mark.parametrize(("rate", "lasts", "share"), [(0.0, 0.08, 1.0), (2.0, 0.5, 0.16)])
def test_a_frame_stands_until_the_next_one_that_is_looked_at(street, rate, lasts, share):
    scorer = LiveScorer(read_run(street.run).detector, "front", Zones())
    scorer.thin(rate)
    reader = Reader(source_of(str(street.root / "calm.mp4"), pace="fast"))
    reader.start()
    found, frames = [], 0
    while not reader.ended:
        if (frame := reader.take(1.0)) is not None:
            found += scorer.push(frame, reader.info)
            frames += 1
    found += scorer.finish()
    reader.stop()
    assert {one.lasts for one in found} == {lasts}
    assert len(found) == pytest.approx(share * frames, abs=1)
    assert len(found) + scorer.spared == frames
