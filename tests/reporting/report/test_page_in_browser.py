"""The page's script, run by a real browser; skipped where there is none."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from oddframe.reporting.report import shown_videos
from oddframe.reporting.report.page import write_report
from oddframe.scores.frame_scores import Scores

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip  # noqa: E501

ACTIONS = """<script>
addEventListener("load", () => {
  const said = [];
  const [first, second] = document.querySelectorAll(".track");
  const text = (track) => track.closest("article").querySelector("figcaption").textContent;
  const at = (track, frame, kind) => {
    const box = track.getBoundingClientRect();
    track.dispatchEvent(new MouseEvent(kind, {
      clientX: box.left + box.width * (frame + .5) / 40, clientY: box.top + 5, bubbles: true }));
    said.push(text(track));
  };
  const key = (name) => {
    first.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    said.push(first.getAttribute("aria-valuetext"));
  };
  at(first, 15, "pointermove");
  at(first, 15, "pointerleave");
  at(first, 11, "click");
  at(first, 30, "pointermove");
  at(first, 11, "click");
  key("End");
  key("ArrowLeft");
  key("Enter");
  key("Home");
  key("Escape");
  document.querySelector("a[data-frame]").click();
  said.push(text(first), first.closest("article").className);
  at(second, 20, "pointermove");
  const image = first.closest("article").querySelector("img");
  said.push(image.style.left + " " + image.style.top);
  setTimeout(() => {
    said.push(document.activeElement === first);
    const out = document.createElement("pre");
    out.id = "said";
    out.textContent = said.join("\\n");
    document.body.append(out);
  }, 50);
});
</script></body>"""


def dom_of(page, tmp_path):
    """The page as it is once its scripts have run."""
    assert BROWSER is not None
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,2000",
        "--dump-dom", "--virtual-time-budget=2000",
    ]  # fmt: skip
    return subprocess.run(
        [BROWSER, *flags, page.as_uri()], capture_output=True, text=True, timeout=300, check=True
    ).stdout


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_hover_click_and_keys(toy, tmp_path):
    # An hour is missing in the middle of the second video, which knows when it was filmed.
    manifest = replace(
        toy.manifest,
        videos=tuple(
            replace(
                video,
                times=((0, 0.0), (19, 1.9), (20, 3600.0), (39, 3601.9)),
                start=datetime(2026, 11, 28, 3, 12, 40),
            )
            if video.id == "calm"
            else video
            for video in toy.manifest
        ),
    )
    page = write_report(
        tmp_path, title="Toy", manifest=manifest, scores=toy.scores, detections=toy.detections
    )
    acted = tmp_path / "acted.html"
    acted.write_text(page.read_text(encoding="utf-8").replace("</body>", ACTIONS))
    dom = dom_of(acted, tmp_path)
    (said,) = re.findall(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)
    lines = html.unescape(said).split("\n")
    assert lines == [
        "0:01.5 · score 2.50 · odd · annotated: <i>cyclist</i>",
        "0:01.4 · score 3.00 · odd · annotated: <i>cyclist</i>",
        "0:01.1 · score 0.250 · annotated: <i>cyclist</i>picture from 0:01.0 · pinned",
        "0:01.1 · score 0.250 · annotated: <i>cyclist</i>picture from 0:01.0 · pinned",
        "0:01.1 · score 0.250 · annotated: <i>cyclist</i>picture from 0:01.0",
        "0:03.9, score 0.250",
        "0:03.8, score 0.250",
        "0:03.8, score 0.250",
        "0:00.0, score 0.250",
        "0:00.0, score 0.250",
        "0:01.4 · score 3.00 · odd · annotated: <i>cyclist</i>pinned",
        "video pinned",
        lines[12],
        lines[13],
        "true",
    ]
    assert re.match(r"04:12:40 \(1:00:00\.0\) · score 0\.2", lines[12])
    assert "from 2026-11-28 03:12:40 · 1 gap in the recording" in dom
    assert dom.count('class="gap" x1="20"') == 1
    # 24 even frames of 40 (0, 2, 4, 5, ...): frame 14 is the ninth, in the first of three rows.
    assert lines[13] == "-800% 0%"


SORTING = """<script>
addEventListener("load", () => {
  const said = [];
  const table = document.querySelector("table.videos");
  const say = () => said.push([...table.tBodies[0].rows].filter((row) => !row.hidden).slice(0, 3)
    .map((row) => row.cells[0].textContent).join(" "));
  const [name, , score] = table.tHead.rows[0].cells;
  say();
  name.firstElementChild.click(); say();
  score.firstElementChild.click(); say();
  score.firstElementChild.click(); say();
  const search = document.querySelector(".search");
  search.value = "V12"; search.dispatchEvent(new Event("input")); say();
  const out = document.createElement("pre");
  out.id = "said";
  out.textContent = said.join("\\n");
  document.body.append(out);
});
</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_table_of_all_videos_is_sorted_and_searched(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(shown_videos, "MOST_DRAWN", 4)
    monkeypatch.setattr(shown_videos, "SAMPLE", 2)
    calm = toy.manifest.videos[1]
    videos = tuple(replace(calm, id=f"v{i}", path="", frames=2) for i in range(130))
    scores = Scores({v.id: np.float32([0, i % 100]) for i, v in enumerate(videos)})
    manifest = replace(toy.manifest, videos=videos)
    page = write_report(tmp_path, title="T", manifest=manifest, scores=scores, detections={})
    acted = tmp_path / "acted.html"
    acted.write_text(page.read_text(encoding="utf-8").replace("</body>", SORTING))
    (said,) = re.findall(r'<pre id="said">(.*?)</pre>', dom_of(acted, tmp_path), re.DOTALL)
    assert said.split("\n") == [
        "v99 v98 v97", "v0 v1 v2", "v99 v98 v97", "v0 v100 v1", "v12 v120 v121",
    ]  # fmt: skip
