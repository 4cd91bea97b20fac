// On every page: the bar, and on the home page all that moves. It says so when it hears nothing.
"use strict";

(() => {
  const { root, live } = document.body.dataset;
  const bar = document.getElementById("bar");
  const form = bar.querySelector("form");
  const lost = bar.querySelector(".lost");
  const told = bar.querySelector(".told");
  const out = bar.querySelector(".out");
  const SILENT = 5000;
  const LONGEST_WAIT = 8000;
  const ASK_EACH = 3000;
  // So long after a network has gone comes what was on its way.
  const LATE = 1000;
  const shown = new WeakMap();
  const news = {};
  let stream = null;
  let heard = Date.now();
  // The page itself came from the station.
  let came = heard;
  let cut = 0;
  let since = bar.dataset.now;
  let wait = 1000;
  let next = 0;
  let sending = false;
  let held = false;

  function fill(place) {
    const html = news[place.dataset.part];
    if (html === undefined || shown.get(place) === html) return;
    place.innerHTML = html;
    shown.set(place, html);
  }

  function show(parts) {
    Object.assign(news, parts);
    document.querySelectorAll("[data-part]").forEach(fill);
    // What is left stands in the bar, which may be new.
    bar.querySelectorAll("[data-part=left]").forEach(fill);
    // One word of what went well is enough, the last.
    document.querySelectorAll("[data-well]").forEach((one, place) => {
      one.closest("form").hidden = place > 0;
    });
  }

  function tell(sentence) {
    told.textContent = sentence;
    told.hidden = !sentence;
  }

  function hear() {
    heard = came = Date.now();
    wait = 1000;
    out.hidden = true;
    if (lost.hidden) return;
    held = false;
    lost.hidden = true;
    form.hidden = false;
    document.body.classList.remove("unheard");
    tell(told.dataset.back);
    setTimeout(() => { if (told.textContent === told.dataset.back) tell(""); }, 4000);
  }

  function lose() {
    if (!lost.hidden) return;
    lost.querySelector("time").textContent = since;
    lost.hidden = false;
    form.hidden = true;
    tell("");
    // What was so is no news: nothing counts down that nobody counts.
    document.body.classList.add("unheard");
    next = 0;
  }

  function close() {
    if (stream) stream.close();
    stream = null;
  }

  function open() {
    close();
    next = Date.now() + wait;
    wait = Math.min(wait * 2, LONGEST_WAIT);
    stream = new EventSource(`${root}/live/stream?of=${live}`);
    stream.onmessage = (event) => { hear(); show(JSON.parse(event.data)); };
    stream.addEventListener("beat", (event) => { since = event.data; hear(); });
    stream.onerror = () => { close(); look(); };
  }

  // Where no stream is to be had: too many phones, or a proxy that holds it back.
  async function look() {
    try {
      const answer = await fetch(`${root}/live?of=${live}`, { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401) return leave();
      if (!answer.ok) return;
      const state = await answer.json();
      since = state.now;
      hear();
      show(state.parts);
      next = Date.now() + ASK_EACH;
    } catch (error) {
      // The clock says that nothing is heard.
    }
  }

  // His login has ended: what he writes here stays, the home page has nothing to lose.
  function leave() {
    if (live === "home") return location.reload();
    hear();
    out.hidden = false;
  }

  function tick() {
    if (document.hidden) return;
    const now = Date.now();
    if (now - heard > SILENT) lose();
    if (now >= next && (!stream || !lost.hidden)) open();
  }

  // A phone in a pocket asks for nothing; one that is taken out asks at once.
  function turn() {
    close();
    heard = Date.now();
    wait = 1000;
    next = 0;
    delete news.left;
    bar.querySelectorAll("[data-part=left]").forEach((place) => { place.textContent = ""; shown.delete(place); });
    tick();
  }

  async function send(button) {
    const fields = new URLSearchParams();
    new FormData(form).forEach((value, name) => fields.append(name, value));
    if (button.name) fields.append(button.name, button.value);
    const answer = await fetch(button.getAttribute("formaction") || form.getAttribute("action"), {
      method: "POST", body: fields, credentials: "same-origin", headers: { Accept: "application/json" },
    });
    if (answer.status === 401 || answer.redirected) return leave();
    if (!answer.ok) throw new Error(String(answer.status));
    const state = await answer.json();
    hear();
    show(state.parts);
    tell(state.said);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    if (sending) return;
    sending = true;
    tell(button.name ? "" : told.dataset.stopping);
    send(button).catch(() => tell(told.dataset.failed)).then(() => { sending = false; });
  });
  // Without any network, or with a network whose station is away, the browser's own page would take the
  // place of what is written. Whoever knows better presses once more.
  document.addEventListener("submit", (event) => {
    // A browser on the box itself has no network where the box has none, and hears the station.
    const offline = navigator.onLine === false && came < cut + LATE;
    if (held || (!offline && lost.hidden)) return;
    held = true;
    event.preventDefault();
    event.stopPropagation();
    tell(offline ? told.dataset.unsent : told.dataset.away);
  }, true);
  window.addEventListener("offline", () => { cut = Date.now(); });
  window.addEventListener("online", () => { held = false; });
  lost.querySelector("button").addEventListener("click", () => { wait = 1000; open(); });
  document.addEventListener("visibilitychange", turn);
  setInterval(tick, 500);
  tick();
})();
