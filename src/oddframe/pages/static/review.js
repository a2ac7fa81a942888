"use strict";
// The list can be read and decided without this: it adds keys, undo, and what is new.
const items = [...document.querySelectorAll(".item")];
const said = document.getElementById("said");
const done = [];
let here = -1;

function go(to) {
  if (!items.length) return;
  if (here >= 0) items[here].classList.remove("here");
  here = Math.min(Math.max(to, 0), items.length - 1);
  items[here].classList.add("here");
  items[here].focus({ preventScroll: true });
  items[here].scrollIntoView({ block: "nearest" });
}

function say(words) {
  if (!said) return;
  said.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { said.textContent = ""; }, 4000);
}

const NAMES = { odd: "odd", normal: "normal here", later: "later", none: "" };
const wordOf = (item) => Object.keys(NAMES).find((word) => NAMES[word] === item.querySelector(".verdict").textContent.trim());

function show(item, word) {
  item.querySelector(".verdict").textContent = NAMES[word];
  item.classList.toggle("done", word !== "none");
  const undo = item.querySelector('button[value="none"]');
  if (undo) undo.hidden = word === "none";
}

function askToLogIn() {
  if (document.getElementById("logged-out")) return;
  const note = document.createElement("p"), link = document.createElement("a");
  note.id = "logged-out";
  note.className = "note";
  note.setAttribute("role", "alert");
  link.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = "Log in again";
  note.append("You are logged out; nothing new is shown here, and no word is taken. ", link, ".");
  document.querySelector("main h1").after(note);
}

async function give(item, word, undoing) {
  const before = wordOf(item);
  const body = new URLSearchParams({ ids: item.dataset.ids, word, was: before });
  let answer;
  try {
    answer = await fetch("/review", { method: "POST", body, headers: { Accept: "text/plain" } });
  } catch {
    say("The server does not answer; nothing was changed.");
    return false;
  }
  const text = (await answer.text()).trim();
  if (answer.status === 401) { askToLogIn(); return false; }
  const now = answer.headers.get("oddframe-word");  // somebody else's, meanwhile
  if (answer.ok || now) show(item, now || word);
  if (!answer.ok) { say(text); return false; }
  if (!undoing) done.push([item, before]);
  waiting(Number(text));
  say(word === "none" ? "Taken back." : `${NAMES[word]}; u takes it back.`);
  return true;
}

function waiting(count) {
  const shown = document.getElementById("waiting");
  if (!shown) return;
  shown.textContent = count > 999 ? "999+" : String(count);
  shown.hidden = count === 0;
}

function undo() {
  const last = done.pop();
  if (!last) { say("There is nothing to take back."); return; }
  give(last[0], last[1], true);
  go(items.indexOf(last[0]));
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const item = event.target.closest(".item");
  if (!item || !button || button.name !== "word") return;
  event.preventDefault();
  go(items.indexOf(item));
  give(item, button.value).then((taken) => { if (taken && button.value !== "none" && here + 1 < items.length) go(here + 1); });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, video")) return;
  const key = event.key.toLowerCase();
  if (key === "j" || event.key === "ArrowDown" && items.length > 1) { go(here + 1); event.preventDefault(); return; }
  if (key === "k" || event.key === "ArrowUp" && items.length > 1) { go(here - 1); event.preventDefault(); return; }
  if (key === "u") { undo(); return; }
  if (here < 0 && items.length === 1) here = 0;
  if (here < 0) return;
  if (event.key === "Enter" && event.target === items[here]) {
    const place = items[here].querySelector("a.picture");
    if (place) location.href = place.href;
    return;
  }
  const button = items[here].querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (button) button.click();
});

// A picture that need not be there is not shown as a broken one.
for (const image of document.querySelectorAll("img[data-optional]")) {
  const hide = () => { image.closest("figure").hidden = true; };
  if (image.complete && !image.naturalWidth) hide();
  image.addEventListener("error", hide);
}

// A film that is gone, damaged, or coded in a way that this browser does not know, says so.
for (const film of document.querySelectorAll("video")) {
  const unplayed = film.closest("figure").querySelector("[data-unplayed]");
  if (!unplayed) continue;
  const tell = () => { unplayed.hidden = false; };
  if (film.error) tell();
  film.addEventListener("error", tell);
}

let newest = null;
function listen() {
  const feed = new EventSource("/feed");
  feed.onmessage = (event) => {
    const found = JSON.parse(event.data);
    waiting(found.waiting);
    const note = document.getElementById("new");
    if (note && newest !== null && found.newest !== newest) note.hidden = false;
    newest = document.body.dataset.newest = found.newest;
  };
  // A browser comes again by itself where it was cut off, and not where it was refused.
  feed.onerror = async () => {
    if (feed.readyState !== EventSource.CLOSED) return;
    let status = 0;
    try {
      status = (await fetch(location.href, { method: "HEAD", headers: { Accept: "text/plain" } })).status;
    } catch { /* the server may be on its way back */ }
    if (status === 401) askToLogIn(); else setTimeout(listen, 30000);
  };
}
if (document.getElementById("waiting")) listen();
