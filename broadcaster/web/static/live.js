// Keeps the home page true: takes what is new as it happens, or asks; says so when it can't.
"use strict";

const root = document.body.dataset.root;
const stop = document.getElementById("stop");
const ask = document.getElementById("ask");
const stale = document.getElementById("stale");
let heard = Date.now();

function show(news) {
  heard = Date.now();
  stale.hidden = true;
  for (const place of document.querySelectorAll("[data-part]")) {
    const html = news[place.dataset.part];
    if (html !== undefined && place.shown !== html) {
      place.innerHTML = html;
      place.shown = html;
    }
  }
  // One word of what went well is enough, the last.
  document.querySelectorAll("[data-well]").forEach((one, place) => {
    one.closest("form").hidden = place > 0;
  });
  if (stop && news.stoppable !== undefined) stop.hidden = !news.stoppable;
}

// Where no stream is to be had: too many phones, an old browser, a proxy that holds it back.
async function look() {
  try {
    const answer = await fetch(`${root}/live`, { cache: "no-store" });
    if (answer.status === 401 || answer.redirected) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const state = await answer.json();
    show(Object.assign({ stoppable: state.stoppable }, state.parts));
  } catch (lost) {
    stale.hidden = Date.now() - heard < 6000;
  }
}

function listen() {
  const stream = new EventSource(`${root}/live/stream`);
  stream.onmessage = (event) => show(JSON.parse(event.data));
  stream.onopen = () => { heard = Date.now(); };
  stream.onerror = () => {
    look();
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

if (window.EventSource) listen();
else setInterval(look, 2000);

if (ask && ask.showModal) {
  stop.addEventListener("click", (event) => {
    event.preventDefault();
    ask.showModal();
  });
}
