"use strict";
// Stills come once a second, all on one connection; a film that stops is asked for anew, since a browser does not.
const visible = () => document.visibilityState === "visible";

const images = new Map([...document.querySelectorAll("img[data-still]")].map((image) => [image.dataset.still, image]));
let stills = null;

function look() {
  if (stills || !images.size || !visible()) return;
  stills = new EventSource("/stills");
  stills.addEventListener("still", (event) => {
    const [address, coded] = event.data.split(" "), image = images.get(address);
    if (!image) return;
    const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0)), before = image.src;
    image.onload = () => URL.revokeObjectURL(before);
    image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  });
  // A browser comes again by itself where it was cut off, and not where it was refused.
  stills.onerror = () => {
    if (stills && stills.readyState === EventSource.CLOSED) { stills = null; setTimeout(look, 30000); }
  };
}

function lookAway() {
  if (stills) stills.close();
  stills = null;
}
document.addEventListener("visibilitychange", () => { if (visible()) look(); else lookAway(); });
addEventListener("pagehide", lookAway);
addEventListener("pageshow", look);

const film = document.querySelector("img[data-film]");
if (film) {
  const heat = document.getElementById("heat");
  const show = () => { film.src = `${film.dataset.film}?at=${Date.now()}${heat.checked ? "&heat" : ""}`; };
  heat.closest("p").hidden = false;
  heat.addEventListener("change", show);
  // A browser may keep the film of a page that was left open, and read no more of it.
  addEventListener("pagehide", () => film.removeAttribute("src"));
  addEventListener("pageshow", (event) => { if (event.persisted) show(); });
  film.addEventListener("error", () => setTimeout(show, 3000));
}

// What a camera is, and its last hour, are made by the server: the page is asked for again.
async function refresh() {
  if (visible()) {
    if (!stills) for (const [address, image] of images) image.src = `${address}?at=${Date.now()}`;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected) { location.reload(); return; }  // to where one logs in
      if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the server may be on its way back */ }
  }
  setTimeout(refresh, 10000);
}

function take(fresh) {
  for (const old of document.querySelectorAll(".tile")) {
    const now = fresh.querySelector(`.tile[data-camera="${CSS.escape(old.dataset.camera)}"]`);
    if (!now || !now.querySelector("img") !== !old.querySelector("img")) { location.reload(); return; }
    const kept = old.firstElementChild, focused = document.activeElement;
    if (old.contains(focused) && !kept.contains(focused)) continue;  // somebody is there by keys
    old.replaceChildren(kept, ...[...now.children].slice(1));
  }
  const strips = document.querySelectorAll("main > .strip"), others = fresh.querySelectorAll("main > .strip");
  strips.forEach((strip, index) => { if (others[index] && !strip.contains(document.activeElement)) strip.replaceWith(others[index]); });
  const count = document.getElementById("waiting"), fresher = fresh.getElementById("waiting");
  if (count && fresher) { count.textContent = fresher.textContent; count.hidden = fresher.hidden; }
}
setTimeout(refresh, 10000);
