"use strict";
// Everything here is a form that works without this: the script draws zones on the picture.
const form = document.getElementById("zone-form");
const canvas = document.getElementById("canvas");

if (canvas) {
  const image = canvas.querySelector("img");
  const again = () => {
    if (document.visibilityState !== "visible") { setTimeout(again, 2000); return; }
    const next = new Image();
    next.onload = () => { image.src = next.src; setTimeout(again, 2000); };
    next.onerror = () => setTimeout(again, 5000);
    next.src = `${image.dataset.still}&at=${Date.now()}`;
  };
  setTimeout(again, 2000);
}

if (form && canvas) {
  const svg = canvas.querySelector("svg");
  const mayChange = "mayChange" in form.dataset;
  const blank = document.getElementById("blank");
  const draw = document.getElementById("draw"), done = document.getElementById("done");
  const status = document.getElementById("drawing");
  let chosen = null, drawing = null, number = 0;

  const part = (zone, what) => zone.querySelector(`[data-what="${what}"]`);
  const zones = () => [...form.querySelectorAll(":scope > .zone")];
  const isGone = (zone) => Boolean(part(zone, "gone")?.checked);
  const say = (words) => { if (status) status.textContent = words; };
  const short = (value) => String(Math.round(Math.min(Math.max(value, 0), 1) * 10000) / 10000);

  function cornersOf(zone) {
    const found = [];
    for (const line of part(zone, "corners").value.split("\n")) {
      const [x, y] = line.trim().split(/[\s,;]+/).map(Number);
      if (line.trim() && Number.isFinite(x) && Number.isFinite(y)) found.push([x, y]);
    }
    return found;
  }

  function keep(zone, corners) {
    part(zone, "corners").value = corners.map(([x, y]) => `${short(x)} ${short(y)}`).join("\n");
    show();
  }

  function choose(zone) {
    chosen = zone;
    for (const one of zones()) one.classList.toggle("here", one === zone);
    show();
  }

  // Handles are buttons, so that a corner can be moved by arrow keys and taken away by Delete.
  function handle(zone, index, corner, between) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = between ? "between" : "corner";
    button.style.left = `${100 * corner[0]}%`;
    button.style.top = `${100 * corner[1]}%`;
    button.dataset.index = index;
    button.setAttribute("aria-label", between
      ? `a new corner after corner ${index} of ${part(zone, "name").value || "the zone"}`
      : `corner ${index + 1} of ${part(zone, "name").value || "the zone"}; arrows move it, Delete takes it away`);
    return button;
  }

  function show() {
    const kept = document.activeElement?.closest?.(".corner")?.dataset.index;
    svg.replaceChildren();
    for (const old of canvas.querySelectorAll("button")) old.remove();
    for (const zone of zones()) {
      if (isGone(zone)) continue;
      const corners = cornersOf(zone);
      const shape = document.createElementNS("http://www.w3.org/2000/svg", zone === drawing ? "polyline" : "polygon");
      shape.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
      shape.setAttribute("class", `${part(zone, "kind").value}${zone === chosen ? " here" : ""}`);
      shape.addEventListener("pointerdown", () => { if (!drawing) choose(zone); });
      svg.append(shape);
      part(zone, "sensitivity").closest("label").hidden = part(zone, "kind").value === "ignore";
      zone.querySelector("legend").textContent = part(zone, "name").value || "A new zone";
      if (zone !== chosen || !mayChange) continue;
      corners.forEach((corner, index) => {
        canvas.append(handle(zone, index, corner, false));
        const next = corners[(index + 1) % corners.length];
        if (zone !== drawing && corners.length > 2) {
          canvas.append(handle(zone, index + 1, [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2], true));
        }
      });
    }
    if (kept !== undefined) canvas.querySelector(`.corner[data-index="${CSS.escape(kept)}"]`)?.focus();
  }

  function at(event) {
    const box = svg.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  let moved = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (!mayChange || event.button !== 0) return;
    const button = event.target.closest("button");
    if (drawing) {
      event.preventDefault();
      if (button && button.dataset.index === "0") { finish(); return; }
      keep(drawing, [...cornersOf(drawing), at(event)]);
      say(`${cornersOf(drawing).length} corners; the first one again, Enter or Done ends it.`);
      return;
    }
    if (!button) return;
    event.preventDefault();
    const corners = cornersOf(chosen), index = Number(button.dataset.index);
    if (button.classList.contains("between")) { corners.splice(index, 0, at(event)); keep(chosen, corners); }
    moved = index;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (moved === null) return;
    const corners = cornersOf(chosen);
    corners[moved] = at(event);
    keep(chosen, corners);
  });
  const put = () => { if (moved === null) return; const index = moved; moved = null; canvas.querySelector(`.corner[data-index="${index}"]`)?.focus(); };
  canvas.addEventListener("pointerup", put);
  canvas.addEventListener("pointercancel", put);

  canvas.addEventListener("keydown", (event) => {
    const button = event.target.closest("button");
    if (!button || !chosen || drawing) return;
    const corners = cornersOf(chosen), index = Number(button.dataset.index);
    if (button.classList.contains("between")) {
      if (event.key !== "Enter" && event.key !== " ") return;
      const before = corners[index - 1], after = corners[index % corners.length];
      corners.splice(index, 0, [(before[0] + after[0]) / 2, (before[1] + after[1]) / 2]);
      event.preventDefault();
      keep(chosen, corners);
      canvas.querySelector(`.corner[data-index="${index}"]`)?.focus();
      return;
    }
    const step = event.shiftKey ? 0.05 : 0.005;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (ways[event.key]) {
      corners[index] = corners[index].map((value, axis) => value + ways[event.key][axis]);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      corners.splice(index, 1);
    } else { return; }
    event.preventDefault();
    keep(chosen, corners);
  });

  function begin() {
    const zone = blank.querySelector(".zone").cloneNode(true);
    const names = zones().length;
    for (const field of zone.querySelectorAll("[data-what]")) field.name = `zone-${names + number}-${field.dataset.what}`;
    number += 1;
    form.insertBefore(zone, blank);
    document.getElementById("no-zones")?.remove();
    drawing = zone;
    canvas.classList.add("drawing");
    done.hidden = false;
    draw.hidden = true;
    choose(zone);
    say("Click or tap each corner on the picture.");
    canvas.scrollIntoView({ block: "nearest" });
  }

  function finish() {
    const zone = drawing;
    drawing = null;
    canvas.classList.remove("drawing");
    done.hidden = true;
    draw.hidden = false;
    say("");
    if (!cornersOf(zone).length && !part(zone, "name").value) { zone.remove(); choose(null); return; }
    choose(zone);
    part(zone, "name").focus();
  }

  document.addEventListener("keydown", (event) => {
    if (!drawing || event.target.closest("input, select, textarea, button")) return;
    if (event.key === "Enter") { event.preventDefault(); finish(); }
    if (event.key === "Escape") { part(drawing, "corners").value = ""; part(drawing, "name").value = ""; finish(); }
  });
  form.addEventListener("focusin", (event) => {
    const zone = event.target.closest(".zone");
    if (zone && zone !== chosen && !drawing) choose(zone);
  });
  form.addEventListener("input", show);
  form.addEventListener("change", show);

  if (mayChange) {
    number = 1;
    blank.hidden = true;  // its fields stay in the form, and say nothing
    draw.hidden = false;
    draw.addEventListener("click", begin);
    done.addEventListener("click", finish);
  }
  show();
}

// What a threshold would have meant is shown while it is typed or moved.
const limit = document.getElementById("limit-form");
if (limit) {
  const slide = document.getElementById("slide"), meant = document.getElementById("meant");
  const threshold = limit.elements.namedItem("threshold");
  const highest = Number(limit.dataset.highest);
  slide.hidden = false;
  slide.min = 0;
  slide.max = highest;
  slide.step = Number((highest / 200).toPrecision(1));
  slide.value = threshold.value;
  document.getElementById("look").hidden = true;
  let asked = 0, timer;
  const ask = async () => {
    const number = ++asked;
    const given = new URLSearchParams(new FormData(limit));
    given.delete("mark");
    try {
      const answer = await fetch(`${limit.dataset.meant}?${given}`);
      const text = await answer.text();
      if (number !== asked) return;
      if (answer.ok) meant.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      else meant.textContent = text;
    } catch { /* the server may be on its way back */ }
  };
  const by = (name) => { limit.querySelector(`input[value="${name}"]`).checked = true; };
  limit.addEventListener("input", (event) => {
    if (event.target === slide) { threshold.value = slide.value; by("threshold"); }
    if (event.target === threshold) { slide.value = threshold.value; by("threshold"); }
    if (event.target.name === "budget") by("budget");
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
}

// What goes on aside, a fit or a lesson that is taken back, says how far it is.
const going = '[data-state="fitting"], [data-state="is being taken back"]';
async function follow() {
  if (document.querySelector(going) && document.visibilityState === "visible") {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["fits", "versions"]) {
        const old = document.getElementById(part), now = fresh.getElementById(part);
        if (answer.ok && old?.querySelector(going) && now && !old.contains(document.activeElement)) old.replaceWith(now);
      }
    } catch { /* the server may be on its way back */ }
  }
  setTimeout(follow, 5000);
}
setTimeout(follow, 5000);
