"""The page's script, run by a real browser; skipped where there is none."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import pytest

from oddframe.reporting.page import write_report

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


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_hover_click_and_keys(toy, tmp_path):
    assert BROWSER is not None
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
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1200,2000",
        "--dump-dom", "--virtual-time-budget=2000",
    ]  # fmt: skip
    dom = subprocess.run(
        [BROWSER, *flags, acted.as_uri()], capture_output=True, text=True, timeout=120, check=True
    ).stdout
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
