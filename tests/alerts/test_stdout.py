"""Standard output: lines that can be read by a program, and a reader that goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from oddframe.alerts.message import Message
from oddframe.alerts.sink import Accepted
from oddframe.alerts.sinks.reading import read_sinks

CHILD = """
import sys, time
from pathlib import Path
from oddframe.alerts.dispatch import Alerts
from oddframe.alerts.message import Message
from oddframe.alerts.sinks.reading import read_sinks
from oddframe.console.streams import standard_streams
with standard_streams():
    say = lambda line: print(line, file=sys.stderr)
    sinks = read_sinks(Path("cameras.yaml"), {"stdout": None})
    alerts = Alerts(list(sinks.values()), Path(sys.argv[1]), ["front"], say)
    alerts.start()
    for n in range(100_000):
        alerts.send(Message(f"m{n}", "end", "front", {"id": f"m{n}", "reason": "x" * 500}))
        if alerts.status()["stdout"].off:
            break
    alerts.stop()
print("went on", n, file=sys.stderr)
"""


def test_a_line_for_each_message(capsys):
    sink = read_sinks(Path("cameras.yaml"), {"stdout": None})["stdout"]
    sent = Message("m1", "new", "Küche", {"id": "m1", "reason": "a\nline \u2028"})
    assert sink.send([sent]) == Accepted()
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert Message.from_json(json.loads(out), "here") == sent
    assert "standard output" in sink.describe()


def test_a_reader_that_goes_ends_only_the_printing(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    assert json.loads(child.stdout.readline())["id"] == "m0"
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait() == 0
    assert "standard output takes no more (" in said
    assert "off until the next start" in said
    assert "went on" in said
    assert "Traceback" not in said
