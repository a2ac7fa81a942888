"""Viewers beside four scored cameras: is scoring slowed, is the page fast, does memory stay.

    python bench/serve_load.py --results bench/results/serve_load.txt

A process watches four films at their own pace (25 frames/s, 640x360, H.264) and serves the page, as
``oddframe serve`` does. ``page_viewers.py``, in a process of its own, is 50 viewers of the grid and
five films. After a warm-up come phases of three quarters of a minute: alone, with viewers, alone
again, with viewers of whom some read nothing, alone, with viewers once more, and with viewers while
Chromium loads the grid, whose first paint is its own figure. Of every frame it is noted how long
after its filming it was judged. Before that another process does the same for as long with nobody
at its page: what its memory grows by is the cameras' own. It all takes twelve minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from provenance import provenance, publish, run
from score_speed import REAL_TIME, footage, repeat_video, write_video

CAMERAS, VIEWERS, FILMS, STALLED = 4, 50, 5, 5
SIZE = 640, 360
PHASES = dict.fromkeys(
    (
        "alone",
        "viewers",
        "alone again",
        "some read nothing",
        "alone once more",
        "viewers again",
    ),
    45,
)
"""Seconds of each, less with ``--short``."""
WARM_UP, LOADS = 20, 5
LOOK = 0.01
"""Seconds between looks at what was judged last."""
SLOWED = 0.10
FLAT = 0.05
PAINTED = 1.0
"""What is asked: by how much scoring may be slower and memory more, and when there is a picture."""
SLOW = {"lag_ms": "lag", "judged_ms": "time to judge"}
LOST = 0.01
"""Share of frames that may be dropped, or not looked at, more than alone."""


class Noting:
    """What the process that serves is like, from one question to the next.

    Args:
        watch: whose cameras.
    """

    def __init__(self, watch: Any) -> None:
        self._watch = watch
        self._lags: list[float] = []
        self._before = self._sums()

    def look(self) -> None:
        """Note when every frame is judged, for ever."""
        last: dict[str, Any] = {}
        while True:
            now = time.time()
            for camera in self._watch.cameras:
                latest = camera.latest
                if latest is not None and last.get(camera.name) is not latest:
                    last[camera.name] = latest
                    self._lags.append(now - latest.frame.at)
            time.sleep(LOOK)

    def since(self) -> dict[str, Any]:
        """Figures since the question before; none where hardly a frame was judged."""
        before, now = self._before, self._sums()
        lags, self._lags, self._before = self._lags, [], now
        done = {name: now[name] - before[name] for name in now}
        if len(lags) < 2 or not done["scored"]:
            return {}
        status = Path("/proc/self/status").read_text().split()
        return {
            "lag_ms": round(1e3 * statistics.median(lags), 1),
            "lag_ms_95": round(1e3 * statistics.quantiles(lags, n=20)[-1], 1),
            "judged_ms": round(1e3 * done["seconds"] / done["scored"], 2),
            "dropped": round(done["dropped"] / done["read"], 4),
            "spared": round(done["spared"] / done["read"], 4),
            "frames": done["scored"],
            "cpus": round(done["cpu"] / done["clock"], 2),
            "mb": round(int(status[status.index("VmRSS:") + 1]) / 1024),
            "threads": threading.active_count(),
            "files": len(list(Path("/proc/self/fd").iterdir())),
        }

    def _sums(self) -> dict[str, float]:
        cameras = self._watch.cameras
        states, counts = [one.state for one in cameras], [one.counts for one in cameras]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "read": sum(one.frames_read for one in states),
            "dropped": sum(one.frames_dropped for one in states),
            "scored": sum(one.scored for one in counts),
            "spared": sum(one.spared for one in counts),
            "seconds": sum(one.seconds for one in counts),
            "cpu": usage.ru_utime + usage.ru_stime,
            "clock": time.monotonic(),
        }


def child(work: Path) -> None:
    """Watch and serve; a line of JSON with the address, and one for each line that comes."""
    from oddframe.cameras.cameras_file import Camera, CamerasFile
    from oddframe.serving.door import Door
    from oddframe.serving.passwords import Passwords
    from oddframe.serving.server import serving
    from oddframe.serving.sessions import Sessions
    from oddframe.serving.site import Site
    from oddframe.sources.source import source_of
    from oddframe.watching.plan import plans_of
    from oddframe.watching.signals import Signals
    from oddframe.watching.watch import Watch

    source, signals = source_of(str(work / "film.mp4")), Signals()
    cameras = tuple(Camera(f"camera {n + 1}", source, work / "run") for n in range(CAMERAS))

    def answer(watch: Watch) -> None:
        while not watch.cameras or any(camera.latest is None for camera in watch.cameras):
            time.sleep(LOOK)
        noting = Noting(watch)
        threading.Thread(target=noting.look, daemon=True).start()
        try:
            for _ in sys.stdin:
                print(json.dumps(noting.since()), flush=True)
        finally:
            signals.stop.set()

    @contextmanager
    def beside(journal: Any, watch: Watch) -> Generator[None]:
        site = Site(journal, journal, Sessions(Passwords({})), watch)
        with serving(site, Door(port=0)) as address:
            print(json.dumps(address), flush=True)
            threading.Thread(target=answer, args=[watch], daemon=True).start()
            yield

    wanted = CamerasFile(work, cameras, {})
    with tempfile.TemporaryDirectory(dir=work) as state:
        Watch(
            wanted, plans_of(wanted), Path(state), lambda _: None, beside=beside, signals=signals
        ).run()


class Server:
    """The process that watches and serves.

    Args:
        work: the folder of its film and run.
    """

    def __init__(self, work: Path) -> None:
        command = [sys.executable, __file__, "--child", str(work)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.address: str = self._line()

    def since(self) -> dict[str, Any]:
        """Figures since this was asked last."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def end(self) -> None:
        """End it, well if it can be."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        self._process.kill()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise OddframeError("the process that watches and serves ended")
        return json.loads(line)


@contextmanager
def viewers(address: str, seconds: float, stalled: int, seen: dict[str, Any]) -> Generator[None]:
    """Viewers beside what is in the block, for so many seconds; ``seen`` is what they saw."""
    words = {"--viewers": VIEWERS, "--films": FILMS, "--stalled": stalled, "--seconds": seconds}
    command = [sys.executable, str(Path(__file__).with_name("page_viewers.py")), address]
    given = [str(word) for pair in words.items() for word in pair]
    with subprocess.Popen([*command, *given], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    seen.update(json.loads(said))


def paints(address: str) -> list[dict[str, float]]:
    """Milliseconds until Chromium shows something of the grid, and all of it; all first visits."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"):
        options.add_argument(word)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    found = []
    try:
        for _ in range(LOADS):
            driver.get("about:blank")
            driver.execute_cdp_cmd("Network.clearBrowserCache", {})
            driver.get(f"{address}now")
            time.sleep(1.0)
            found.append(
                driver.execute_script(
                    "const paint = performance.getEntriesByName('first-contentful-paint')[0];"
                    "const load = performance.getEntriesByType('navigation')[0];"
                    "return {paint: paint.startTime, answer: load.responseEnd,"
                    " load: load.loadEventEnd}"
                )
            )
    finally:
        driver.quit()
    return found


def made(work: Path) -> None:
    """A film that is longer than all of it, and a run."""
    from oddframe.verbs.train import train  # which a watch does not import

    normal, new = footage(work)
    write_video(work / "normal.mp4", normal, SIZE, 1500)
    write_video(work / "new.mp4", new, SIZE, round(60 * REAL_TIME))
    repeat_video(work / "new.mp4", work / "film.mp4", 12)
    train([work / "normal.mp4"], work / "run", track=["none"])


def unseen(work: Path, short: bool) -> list[int]:
    """MB at the end of every phase of a process at whose page nobody is."""
    server = Server(work)
    scale = 0.2 if short else 1.0
    found = []
    try:
        time.sleep(WARM_UP * scale)
        for seconds in PHASES.values():
            time.sleep(seconds * scale)
            found.append(server.since()["mb"])
    finally:
        server.end()
    return found


def measured(work: Path, short: bool) -> dict[str, Any]:
    """Figures of every phase."""
    server = Server(work)
    rows: list[dict[str, Any]] = []
    scale = 0.2 if short else 1.0
    try:
        time.sleep(WARM_UP * scale)
        for name, seconds in PHASES.items():
            seen: dict[str, Any] = {}
            server.since()
            if name.startswith("alone"):
                time.sleep(seconds * scale)
                rows.append({"phase": name} | server.since())
                continue
            stalled = STALLED if name == "some read nothing" else 0
            with viewers(server.address, seconds * scale, stalled, seen):
                time.sleep(seconds * scale - 1)
                rows.append({"phase": name} | server.since())
            rows[-1]["seen"] = seen
        with viewers(server.address, 30 * scale + 10, 0, {}):
            time.sleep(5 * scale)
            loads = paints(server.address)
        time.sleep(5)
        rows.append({"phase": "after"} | server.since())
    finally:
        server.end()
    return {"rows": rows, "paints": loads}


def table(rows: list[dict[str, Any]]) -> list[str]:
    """The phases, a line each; ``unseen`` is the other process's memory by then."""
    lines = [
        "phase              lag, ms  95th  judged, ms  dropped  spared  CPUs   MB  unseen  threads"
        "  files  viewers' CPUs  page, ms  stills"
    ]
    for row in rows:
        seen = row.get("seen", {"cpus": "", "ms": {}, "counts": {}})
        page = "/".join(f"{one:.0f}" for one in seen["ms"].get("page", ()))
        lines.append(
            f"{row['phase']:<18} {row['lag_ms']:>7.1f} {row['lag_ms_95']:>5.0f} "
            f"{row['judged_ms']:>11.2f} {row['dropped']:>8.2%} {row['spared']:>7.2%} "
            f"{row['cpus']:>5.2f} {row['mb']:>4} {row.get('unseen', ''):>7} {row['threads']:>8} "
            f"{row['files']:>6} "
            f"{seen['cpus']:>14} {page:>9} {seen['counts'].get('still', ''):>7}"
        )
    return lines


def verdicts(result: dict[str, Any]) -> list[str]:
    """What the numbers say, a line each."""
    rows = {row["phase"]: row for row in result["rows"]}
    alone = [row for name, row in rows.items() if name.startswith("alone")]
    lines = []
    for name in PHASES:
        if name.startswith("alone"):
            continue
        row = rows[name]
        more = {key: row[key] / statistics.mean(a[key] for a in alone) - 1 for key in SLOW}
        lost = _unjudged(row) - max(map(_unjudged, alone))
        result[name] = {**more, "unjudged": lost}
        failed = {kind: many for kind, many in row["seen"]["counts"].items() if "failed" in kind}
        lines += [
            f"{_yes(all(one <= SLOWED for one in more.values()))}{name}: "
            + ", ".join(f"{SLOW[key]} {one:+.1%}" for key, one in more.items()),
            f"{_yes(lost <= LOST)}{name}: dropped or not looked at {lost:+.2%} of all frames",
            f"{_yes(not failed)}{name}: what failed for them: {failed or 'nothing'}",
        ]
    first, last = rows["viewers"], rows["viewers again"]
    grown = last["mb"] / first["mb"] - 1
    own = last["unseen"] / first["unseen"] - 1
    result |= {"grown": grown, "own": own}
    paint, load = ([one[what] for one in result["paints"]] for what in ("paint", "load"))
    return [
        *lines,
        f"{_yes(grown <= FLAT)}memory from the first phase with viewers to the last {grown:+.1%}; "
        f"with nobody at the page {own:+.1%} from then to then",
        f"{_yes(max(paint) <= 1e3 * PAINTED)}first paint, beside the viewers, {_whole(paint)} ms; "
        f"all of it {_whole(load)} ms",
    ]


def _unjudged(row: dict[str, Any]) -> float:
    return row["dropped"] + row["spared"]


def _whole(values: list[float]) -> str:
    return ", ".join(f"{one:.0f}" for one in values)


def _yes(true: bool) -> str:
    return "yes " if true else "NO  "


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a fifth of the time, to try it")
    parser.add_argument("--work", type=Path, help="where film and run lie, and stay")
    parser.add_argument("--results", type=Path, help="file that is written")
    options = parser.parse_args()
    head = provenance()
    with tempfile.TemporaryDirectory() as name:
        work = options.work or Path(name)
        if not (work / "run").exists():
            work.mkdir(parents=True, exist_ok=True)
            made(work)
        before = unseen(work, options.short)
        result = measured(work, options.short)
    for row, mb in zip(result["rows"], before, strict=False):
        row["unseen"] = mb
    lines = [*table(result["rows"]), *verdicts(result)]
    publish(head, lines, result, options.results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    else:
        run(main)
