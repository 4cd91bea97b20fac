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
  // So long a person waits at a press before he presses again.
  const PATIENCE = 2000;
  const shown = new WeakMap();
  const news = {};
  let stream = null;
  let heard = Date.now();
  let since = bar.dataset.now;
  let wait = 1000;
  let next = 0;
  let sending = false;
  let pressed = null;
  let asking = false;
  let sent = null;
  let unsent = false;

  function fill(place) {
    const html = news[place.dataset.part];
    if (html === undefined || shown.get(place) === html) return;
    // Something else is on the air now: what was done to that before is no news.
    if (place.dataset.part === "bar" && shown.has(place)) {
      document.querySelectorAll("[data-passing]").forEach((one) => one.remove());
    }
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
    heard = Date.now();
    wait = 1000;
    out.hidden = true;
    if (lost.hidden) return;
    lost.hidden = true;
    form.hidden = false;
    document.body.classList.remove("unheard");
    tell(unsent ? told.dataset.again : told.dataset.back);
    unsent = false;
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

  // Where no stream is to be had: too many phones, or a proxy. True for an answer of the station itself:
  // 502 to 504 are a proxy's.
  async function look() {
    try {
      const answer = await fetch(`${root}/live?of=${live}`, { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401) leave();
      if (!answer.ok) return answer.status < 502;
      const state = await answer.json();
      since = state.now;
      hear();
      show(state.parts);
      next = Date.now() + ASK_EACH;
      return true;
    } catch (error) {
      // The clock says that nothing is heard.
      return false;
    }
  }

  // His login has ended: what he writes stays; the home page has nothing to lose.
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

  // A phone in a pocket asks nothing; taken out, it asks at once.
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

  // With the pressed button's own name and address.
  function submit(written, button) {
    sent = written;
    if (button && button.form === written) button.click();
    else written.submit();
    sent = null;
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
  document.addEventListener("click", (event) => { pressed = event.target.closest("button"); }, true);
  // The browser's own page would take the place of what is written, so in doubt the station is asked. What
  // is held back is never sent later by itself: nobody expects what airs then.
  document.addEventListener("submit", (event) => {
    if (event.target === sent || (navigator.onLine !== false && lost.hidden)) return;
    const button = pressed;
    event.preventDefault();
    event.stopPropagation();
    if (asking) return;
    asking = true;
    tell(told.dataset.asking);
    const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
    Promise.race([look(), late]).then((answers) => {
      asking = false;
      unsent = !answers;
      if (answers) return submit(event.target, button);
      tell(navigator.onLine === false ? told.dataset.unsent : told.dataset.away);
    });
  }, true);
  lost.querySelector("button").addEventListener("click", () => { wait = 1000; open(); });
  document.addEventListener("visibilitychange", turn);
  setInterval(tick, 500);
  tick();
})();
