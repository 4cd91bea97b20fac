// Sends sound files in chunks over lines that break.
"use strict";

const form = document.getElementById("upload");
const ANSWER_MS = 120000;
const LONGEST_WAIT_MS = 8000;
// Of the last chunks: a line has another speed now than ten minutes ago.
const RATED_CHUNKS = 20;

class Over extends Error {}

function fill(sentence, values) {
  return Object.keys(values).reduce((said, name) => said.split(`{${name}}`).join(values[name]), sentence);
}

function megabytes(bytes) {
  return Math.ceil(bytes / 1e6);
}

class Sending {
  constructor(file, waiting) {
    this.file = file;
    this.waiting = waiting;
    this.key = "";
    this.stopped = false;
    this.times = [];
  }

  // Resolves to the answer; a bad line is tried again until it is better, or nobody wants it any more.
  async ask(path, body) {
    for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      if (this.stopped) throw new Over("");
      const { status, answer } = await post(path, body);
      if (status >= 200 && status < 300 && answer) return answer;
      if (status === 401 || status === 400 || status === 403) throw new Over(words.login);
      if (status > 400 && status < 500 || status === 507) throw new Over(answer ? answer.sentence : words.unread);
      if (status !== 503) tell(words.lost);
      await this.pause(wait);
    }
  }

  // Shorter where the phone says that it is back.
  pause(wait) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async send() {
    const { file } = this;
    if (file.size > Number(form.dataset.largest)) {
      throw new Over(fill(words.large, { name: file.name, most: megabytes(form.dataset.largest) }));
    }
    const about = `name=${encodeURIComponent(file.name)}&size=${file.size}`;
    this.show(0);
    let state = await this.ask(`?${about}`, await this.read(0));
    this.key = state.key;
    const left = document.querySelector(`[data-upload="${state.key}"]`);
    if (left) left.hidden = true;
    while (state.received < file.size) {
      this.show(state.received);
      state = await this.ask(`/${state.key}/${state.received}`, await this.read(state.received));
    }
    sentence.textContent = fill(words.measuring, { name: file.name });
    tell("");
    bar.removeAttribute("value");
    await this.ask(`/${state.key}/finish`, "");
  }

  read(start) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(new Over(words.unread));
      reader.readAsArrayBuffer(this.file.slice(start, start + Number(form.dataset.chunk)));
    });
  }

  show(received) {
    const { file } = this;
    const told = { name: file.name, done: megabytes(received), all: megabytes(file.size) };
    sentence.textContent = fill(words.sending, told);
    bar.value = received / file.size;
    this.times.push([Date.now(), received]);
    if (this.times.length > RATED_CHUNKS) this.times.shift();
    const [since, from] = this.times[0];
    const more = this.waiting ? ` ${words.waiting.replace("{}", this.waiting)}` : "";
    if (received <= from) return tell(more);
    const seconds = (file.size - received) * (Date.now() - since) / 1000 / (received - from);
    const minutes = words.minutes.replace("{}", Math.ceil(seconds / 60));
    tell((seconds < 20 ? words.seconds : minutes) + more);
  }

  stop() {
    this.stopped = true;
    if (this.wake) this.wake();
    if (this.key) post(`/${this.key}/drop`, "");
  }
}

function post(path, body) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.place + path);
    request.timeout = ANSWER_MS;
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", form.elements.csrf_token.value);
    request.onload = () => resolve({ status: request.status, answer: request.response });
    request.onerror = () => resolve({ status: 0 });
    request.ontimeout = () => resolve({ status: 0 });
    request.send(body);
  });
}

let words, box, sentence, bar, status, current = null;

function tell(said) {
  if (status.textContent !== said) status.textContent = said;
}

// One after the other; the page of all that came tells how each ended.
async function sendAll(files) {
  const button = form.querySelector("button");
  button.disabled = true;
  box.hidden = false;
  let problem = "";
  for (const file of files) {
    current = new Sending(file, files.length - 1 - files.indexOf(file));
    try {
      await current.send();
    } catch (error) {
      if (!(error instanceof Over)) throw error;
      problem = error.message || problem;
      if (problem === words.login) break;
    }
  }
  current = null;
  if (problem) {
    sentence.textContent = problem;
    sentence.setAttribute("role", "alert");
    for (const part of [bar, status.parentNode, box.querySelector(".stays")]) part.hidden = true;
    button.disabled = false;
    form.elements.sound.value = "";
  } else {
    location.replace(location.pathname);
  }
}

// Until it has ended; the page then tells how. What is being sent or heard is not cut off.
async function watch(key) {
  try {
    await new Sending({ name: "" }, 0).ask(`/${key}/finish`, "");
  } catch (error) {
    if (!(error instanceof Over)) throw error;
  }
  if (!current && !document.querySelector(".sounding")) location.reload();
}

function begin() {
  box = document.getElementById("sending");
  words = JSON.parse(box.dataset.words);
  sentence = box.querySelector(".sentence");
  bar = box.querySelector("progress");
  status = box.querySelector("[role=status]");
  form.addEventListener("submit", (event) => {
    const files = Array.from(form.elements.sound.files);
    if (!files.length) return;
    event.preventDefault();
    for (const part of [bar, status.parentNode]) part.hidden = false;
    sendAll(files);
  });
  box.querySelector("button").addEventListener("click", () => { if (current) current.stop(); });
  for (const back of ["online", "pageshow", "visibilitychange"]) {
    addEventListener(back, () => { if (current && current.wake) current.wake(); });
  }
}

if (form) {
  begin();
  for (const row of document.querySelectorAll("[data-measured]")) watch(row.dataset.measured);
}
