"""What is freed goes back to the system, now and then, and in a process of its own."""

import subprocess
import sys
import textwrap
from unittest.mock import patch

import pytest

from oddframe.watching import spare_memory
from oddframe.watching.spare_memory import EVERY, SpareMemory

SCRIPT = """
    import re
    from oddframe.watching.spare_memory import give_back

    def resident():
        return int(re.search(r"VmRSS:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024

    # Blocks of which every hundredth stays: what is freed between them, the C library keeps.
    blocks = [bytes(8192) for _ in range(20_000)]
    blocks = blocks[::100]
    before = resident()
    give_back()
    print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_free_pages_between_those_in_use_go_back():
    script = textwrap.dedent(SCRIPT)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 100  # MB of 160


def test_it_is_time_now_and_then():
    clock = [0.0]
    with patch.object(spare_memory.time, "monotonic", lambda: clock[0]):
        memory = SpareMemory()
        times = []
        for clock[0] in range(0, int(3 * EVERY) + 1, 60):
            if memory.tend():
                times.append(clock[0])
    assert times == [EVERY, 2 * EVERY, 3 * EVERY]


def test_without_gnu_s_library_nothing_happens():
    with patch.object(spare_memory.ctypes, "CDLL", lambda _: object()):
        spare_memory.give_back()
