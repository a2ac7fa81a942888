"""What a frame that was dropped had to say is said by the next, and a queue drops none."""

from __future__ import annotations

import threading
from typing import Any

from oddframe.sources.live_frame import Gap, LiveFrame
from oddframe.sources.slot import Slot


def frame(index: int, gap: Gap | None = None) -> LiveFrame:
    nothing: Any = None
    made = LiveFrame(nothing, index, float(index), 100.0 + index, 0.0, (4, 3))
    made.anew, made.gap = gap is not None, gap
    return made


def test_a_break_survives_the_frame_that_it_began_with():
    slot = Slot(waits=False)
    slot.put(frame(0))
    slot.put(frame(1, Gap(90.0, 101.0, "silent")))
    slot.put(frame(2))
    slot.put(frame(3, Gap(102.0, 103.0, "ended")))
    taken = slot.take(0.0)
    assert taken.index == 3
    assert taken.anew
    assert taken.gap == Gap(90.0, 103.0, "ended")
    assert slot.dropped == 3
    assert slot.take(0.0) is None


def test_a_queue_holds_its_writer_back_until_it_is_closed():
    slot = Slot(waits=True)
    written: list[int] = []

    def write() -> None:
        for index in range(100):
            slot.put(frame(index))
            written.append(index)

    thread = threading.Thread(target=write)
    thread.start()
    assert [slot.take(5.0).index for _ in range(50)] == list(range(50))
    thread.join(0.2)
    assert thread.is_alive()
    assert len(written) < 70
    slot.close()
    thread.join(5.0)
    assert not thread.is_alive()
    left = []
    while not slot.is_over:
        left.append(slot.take(0.0).index)
    assert left == list(range(50, 50 + len(left)))
    assert slot.dropped == 0
