"use strict";
// A video may be dropped anywhere on its form; how much of it is there is shown while it goes.
const form = document.querySelector("#drop form");
if (form) {
  const input = form.elements.namedItem("video"), bar = form.querySelector("progress");
  const said = form.querySelector("[role=status]"), button = form.querySelector("button");
  const most = Number(form.dataset.most);
  const place = document.getElementById("drop");
  const over = (words) => { button.disabled = false; bar.hidden = true; said.textContent = words; said.className = "suspect"; };
  place.classList.add("able");
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => { event.preventDefault(); place.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length !== 1) { over("One video at a time."); return; }
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = input.files[0];
    if (!file) return;
    if (file.size > most) { over(`${file.name} is larger than ${most / 1e9} GB.`); return; }
    const sent = new XMLHttpRequest();
    sent.open("POST", form.action);
    sent.responseType = "document";
    sent.upload.onprogress = (now) => {
      bar.value = 100 * now.loaded / now.total;
      said.textContent = now.loaded < now.total ? `${(now.loaded / 1e6).toFixed(1)} of ${(now.total / 1e6).toFixed(1)} MB` : "It is looked at …";
    };
    sent.onload = () => {
      if (sent.status < 400 && new URL(sent.responseURL).pathname !== new URL(form.action).pathname) { location.assign(sent.responseURL); return; }
      over(sent.response?.getElementById("wrong")?.textContent ?? "It was not taken in.");
    };
    sent.onerror = () => over("The connection ended before all of it was taken in.");
    bar.hidden = false;
    said.className = "quiet";
    button.disabled = true;
    sent.send(new FormData(form));
  });
}

// What goes on says how far it is; a job that ends brings the page anew.
async function follow() {
  if (document.querySelector('.job[data-state="going"], .job[data-state="waiting"]') && document.visibilityState === "visible") {
    try {
      const answer = await fetch(`${location.pathname}?jobs`, { headers: { Accept: "text/html" } });
      const fresh = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      for (const old of fresh ? document.querySelectorAll(".job") : []) {
        const now = fresh.querySelector(`.job[data-job="${old.dataset.job}"]`);
        if (!now || old.dataset.state === "done" || old.contains(document.activeElement)) continue;  // somebody may have ticked it
        const busy = document.querySelector(".job input:checked, .runs input:checked, #drop button:disabled");
        if (now.dataset.state === "done" && !busy) { location.reload(); return; }
        old.replaceWith(now);
      }
    } catch { /* the server may be on its way back */ }
  }
  setTimeout(follow, 2000);
}
setTimeout(follow, 2000);
