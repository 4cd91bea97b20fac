// Keeps the home page true: asks for its moving parts every two seconds, and says so when it can't.
"use strict";

const INTERVAL = 2000;
let failures = 0;

function show(state) {
  for (const place of document.querySelectorAll("[data-part]")) {
    const html = state.parts[place.dataset.part];
    if (place.shown !== html) {
      place.innerHTML = html;
      place.shown = html;
    }
  }
  document.getElementById("stop").hidden = !state.stoppable;
}

async function look() {
  try {
    const answer = await fetch("/live", { cache: "no-store" });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    failures = 0;
  } catch {
    failures += 1;
  }
  document.getElementById("stale").hidden = failures < 2;
  setTimeout(look, INTERVAL);
}

setTimeout(look, INTERVAL);
