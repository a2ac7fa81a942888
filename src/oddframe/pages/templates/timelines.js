"use strict";
// Timelines: hover or arrow keys move through a video, click or Enter pins a frame, Escape lets go.
// Frames and scores are read back from the points of the drawn line (see timelines.html).
(() => {
  const clock = (seconds) => {
    const tenths = Math.round(seconds * 10);
    const minutes = Math.floor(tenths / 600);
    const tail = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
    const hours = Math.floor(minutes / 60);
    if (!hours) return `${minutes}:${tail}`;
    return `${hours}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
  };

  // A frame's time in the video; frames are evenly spaced between two knots.
  const secondsAt = (knots, frame) => {
    let low = 0, high = knots.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (knots[middle][0] <= frame) low = middle; else high = middle;
    }
    const [from, begin] = knots[low], [to, end] = knots[high];
    return begin + (end - begin) * (frame - from) / (to - from);
  };

  // The time of day, where it is known when the video starts, and the time in the video.
  const shownTime = (seconds, start) => {
    if (start === "") return clock(seconds);
    const day = Math.floor(Number(start) + seconds);
    const parts = [Math.floor(day / 3600) % 24, Math.floor(day / 60) % 60, day % 60];
    const time = parts.map((part) => String(part).padStart(2, "0")).join(":");
    return `${time} (${clock(seconds)})`;
  };

  // Index of the entry of an increasing list that is nearest to a value.
  const nearest = (list, value) => {
    let low = 0, high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < value) low = middle + 1; else high = middle;
    }
    return low > 0 && value - list[low - 1] <= list[low] - value ? low - 1 : low;
  };

  const spans = (article, selector) => [...article.querySelectorAll(selector)].map((rect) => {
    const start = Number(rect.getAttribute("x"));
    return { start, end: start + Number(rect.getAttribute("width")), name: rect.dataset.name };
  });

  const setUp = (article) => {
    const track = article.querySelector(".track");
    const cursor = article.querySelector(".cursor");
    const dot = article.querySelector(".dot");
    const picture = article.querySelector(".frame img");
    const caption = article.querySelector("figcaption");
    const { frames, low, high, rest } = Object.fromEntries(
      Object.entries(track.dataset).map(([key, value]) => [key, Number(value)]));
    const knots = JSON.parse(track.dataset.knots), start = track.dataset.start;
    const when = (frame) => shownTime(secondsAt(knots, frame), start);
    let points, truths, detections, sprites;
    let shown = rest, pinned = null;

    const read = () => {
      if (points) return;
      const line = article.querySelector("polyline.score").getAttribute("points").split(" ");
      points = { x: [], y: [] };
      for (const point of line) {
        const [x, y] = point.split(",").map(Number);
        points.x.push(x);
        points.y.push(y);
      }
      truths = spans(article, "rect.truth");
      detections = spans(article, "rect.detected");
      sprites = picture ? picture.dataset.frames.split(" ").map(Number) : [];
    };

    const show = (frame) => {
      read();
      shown = Math.min(Math.max(Math.round(frame), 0), frames - 1);
      const y = points.y[nearest(points.x, shown)];
      const score = high - y / 1000 * (high - low);
      const left = `${(shown + 0.5) / frames * 100}%`;
      cursor.style.left = dot.style.left = left;
      dot.style.top = `${Math.max(y, 0) / 10}%`;
      const inside = ({ start, end }) => shown >= start && shown < end;
      const odd = detections.some(inside);
      const named = truths.filter(inside).map((truth) => truth.name);
      const parts = [`score ${score.toPrecision(3)}`];
      if (odd) parts.push("odd");
      if (named.length) parts.push(`annotated: ${named.join(", ")}`);
      let place = "";
      if (picture) {
        const sprite = nearest(sprites, shown);
        const columns = Number(picture.dataset.columns);
        picture.style.left = `${-100 * (sprite % columns)}%`;
        picture.style.top = `${-100 * Math.floor(sprite / columns)}%`;
        if (sprites[sprite] !== shown) place = `picture from ${when(sprites[sprite])}`;
      }
      const bold = document.createElement("b");
      bold.textContent = when(shown);
      const text = [bold, ` · ${parts[0]}`];
      if (odd) {
        const mark = document.createElement("span");
        mark.className = "odd";
        mark.textContent = "odd";
        text.push(" · ", mark);
      }
      if (named.length) text.push(` · ${parts[parts.length - 1]}`);
      if (place) text.push(document.createElement("br"), place);
      if (pinned !== null) text.push(place ? " · pinned" : document.createElement("br"), place ? "" : "pinned");
      caption.replaceChildren(...text);
      track.setAttribute("aria-valuenow", shown);
      track.setAttribute("aria-valuetext", `${when(shown)}, ${parts.join(", ")}`);
    };

    const pin = (frame) => {
      pinned = frame;
      article.classList.toggle("pinned", frame !== null);
      show(frame ?? shown);
    };

    const frameAt = (event) => {
      const box = track.getBoundingClientRect();
      return Math.floor((event.clientX - box.left) / box.width * frames);
    };

    track.addEventListener("pointermove", (event) => pinned === null && show(frameAt(event)));
    track.addEventListener("pointerleave", () => pinned === null && show(rest));
    track.addEventListener("click", (event) => {
      const frame = frameAt(event);
      const near = pinned !== null && Math.abs(frame - pinned) <= Math.max(1, frames / 100);
      pin(near ? null : frame);
    });
    track.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 1 : Math.max(1, Math.round(frames / 200));
      const moves = {
        ArrowLeft: shown - step, ArrowDown: shown - step, ArrowRight: shown + step, ArrowUp: shown + step,
        PageDown: shown - 10 * step, PageUp: shown + 10 * step, Home: 0, End: frames - 1,
      };
      if (event.key in moves) {
        if (pinned !== null) pinned = moves[event.key];
        show(moves[event.key]);
      } else if (event.key === "Enter" || event.key === " ") pin(pinned === shown ? null : shown);
      else if (event.key === "Escape") pin(null);
      else return;
      event.preventDefault();
    });
    return { pin, track };
  };

  const timelines = new Map();
  for (const article of document.querySelectorAll("article.video")) {
    timelines.set(article.id, setUp(article));
  }

  for (const link of document.querySelectorAll("a[data-frame]")) {
    link.addEventListener("click", () => {
      const id = link.getAttribute("href").slice(1);
      document.getElementById(id).hidden = false;
      if (!timelines.has(id)) return; // a row of the table of all videos
      timelines.get(id).pin(Number(link.dataset.frame));
      // After the browser has gone to the fragment, which takes the focus away.
      setTimeout(() => timelines.get(id).track.focus({ preventScroll: true }));
    });
  }

  const table = document.querySelector("table.videos");
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
    document.querySelector(".search").addEventListener("input", (event) => {
      const wanted = event.target.value.toLowerCase();
      rows.forEach((row, place) => { row.hidden = !names[place].includes(wanted); });
    });
    const order = new Intl.Collator(undefined, { numeric: true });
    const key = (row, column) => Number(row.cells[column].dataset.v);
    for (const head of table.tHead.rows[0].cells) {
      head.firstElementChild.addEventListener("click", () => {
        const column = head.cellIndex;
        // Numbers fall first, names rise first; a second click turns round.
        const falls = head.ariaSort ? head.ariaSort === "ascending" : column > 0;
        for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
        head.ariaSort = falls ? "descending" : "ascending";
        const compare = column
          ? (a, b) => key(a, column) - key(b, column)
          : (a, b) => order.compare(a.cells[0].textContent, b.cells[0].textContent);
        body.append(...[...rows].sort((a, b) => falls ? compare(b, a) : compare(a, b)));
      });
    }
  }

  const filter = document.querySelector(".filter select");
  filter?.addEventListener("change", () => {
    for (const article of document.querySelectorAll("article.video")) {
      article.hidden = filter.value !== "" && !article.dataset.kinds.split(" ").includes(filter.value);
    }
  });
})();
