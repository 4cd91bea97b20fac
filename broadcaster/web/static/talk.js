// Speaks live: opens the microphone, and while the button is held sends what it hears to the box.
"use strict";

const BLOCK_SECONDS = 0.1;
// Sent two by two; what a bad line holds up longer than a second is left out.
const LEAST_BLOCKS = 2;
const MOST_BLOCKS = 10;
const ANSWER_MS = 1500;
const DEAD_MS = 3000;

const form = document.getElementById("talk");
const words = JSON.parse(form.dataset.words);
const opening = document.getElementById("open");
const button = document.getElementById("hold");
const meter = document.getElementById("level");
const told = document.getElementById("told");
const left = document.getElementById("left");
const lock = document.getElementById("lock");
const rate = Number(form.dataset.rate);
const place = `${document.body.dataset.root}/talk`;
const token = form.elements.csrf_token.value;
let microphone = null;
let talk = null;

function tell(sentence, seconds) {
  told.textContent = sentence;
  left.hidden = seconds === undefined;
  if (seconds !== undefined) {
    left.textContent = words.left.replace("{minutes}", Math.floor(seconds / 60))
      .replace("{seconds}", Math.floor(seconds % 60));
  }
}

async function open() {
  opening.disabled = true;
  let why = "";
  try {
    const input = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, noiseSuppression: true, autoGainControl: true },
    });
    microphone = { input, context: new AudioContext({ sampleRate: rate }) };
    // What hears is fetched from the station.
    why = words.unreachable;
    await hear(microphone);
    await microphone.context.resume();
  } catch (refused) {
    close();
    return tell(why || words[refused.name] || words.microphone);
  }
  show(true);
  tell(words.opened);
}

// What a horn carries: without the lows, and even in loudness.
async function hear({ input, context }) {
  const lows = new BiquadFilterNode(context, { type: "highpass", frequency: 150 });
  const even = new DynamicsCompressorNode(context, { threshold: -28, ratio: 4, attack: 0.005, release: 0.1 });
  const blocks = new Blocks(context.sampleRate);
  const ear = context.audioWorklet ? await worklet(context, blocks) : processor(context, blocks);
  context.createMediaStreamSource(input).connect(lows).connect(even).connect(ear);
}

async function worklet(context, blocks) {
  await context.audioWorklet.addModule(form.dataset.worklet);
  const only = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
  const node = new AudioWorkletNode(context, "ear", only);
  node.port.onmessage = ({ data }) => blocks.hear(data);
  return node;
}

// Before Chromium 66.
function processor(context, blocks) {
  const node = context.createScriptProcessor(0, 1, 1);
  node.onaudioprocess = ({ inputBuffer }) => blocks.hear(inputBuffer.getChannelData(0));
  node.connect(context.destination);
  return node;
}

// Gathers samples into blocks of 16 bit at the station's rate; before Chromium 74 a microphone has its own.
class Blocks {
  constructor(rateHeard) {
    this.step = rateHeard / rate;
    this.between = 0;
    this.last = 0;
    this.start();
  }

  start() {
    this.block = new DataView(new ArrayBuffer(2 * Math.round(BLOCK_SECONDS * rate)));
    this.filled = 0;
    this.peak = 0;
  }

  hear(samples) {
    for (const sample of samples) {
      for (; this.between < 1; this.between += this.step) {
        this.put(this.last + (sample - this.last) * this.between);
      }
      this.between -= 1;
      this.last = sample;
    }
  }

  put(sample) {
    const level = Math.max(-1, Math.min(1, sample));
    this.peak = Math.max(this.peak, Math.abs(level));
    this.block.setInt16(this.filled, Math.round(32767 * level), true);
    this.filled += 2;
    if (this.filled < this.block.byteLength) return;
    meter.value = this.peak;
    if (talk && talk.held) add(talk, this.block.buffer);
    this.start();
  }
}

function show(isOpen) {
  opening.disabled = false;
  opening.hidden = isOpen;
  for (const part of [button, meter, lock.closest("label")]) part.hidden = !isOpen;
}

function close() {
  release();
  if (microphone) {
    microphone.input.getTracks().forEach((track) => track.stop());
    microphone.context.close();
  }
  microphone = null;
  show(false);
}

function add(mine, block) {
  mine.blocks.push(block);
  if (mine.blocks.length > MOST_BLOCKS) mine.blocks.shift();
  if (mine.blocks.length >= LEAST_BLOCKS) mine.wake();
}

// Resolves to null where the line is bad; a refusal is a talk that is over.
function ask(path, body, type) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${place}/${path}`);
    request.timeout = ANSWER_MS + (path.endsWith("/end") ? DEAD_MS : 0);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", type || "application/x-www-form-urlencoded");
    request.setRequestHeader("X-CSRFToken", token);
    request.onload = () => resolve(answered(request));
    request.onerror = () => resolve(null);
    request.ontimeout = () => resolve(null);
    request.send(body);
  });
}

function answered({ status, response }) {
  if (status >= 400 && status !== 409) return { stage: "over", sentence: words[status] || words.refused };
  return response && Object.assign({ stage: "over" }, response);
}

async function speak() {
  const mine = { blocks: [], held: true, wake() {}, answered: Date.now() };
  const fields = new URLSearchParams(new FormData(form));
  talk = mine;
  hold("waiting");
  tell(words.connecting);
  const begun = (await ask("begin", fields)) || { sentence: words.unreachable };
  const ended = begun.id ? await send(mine, begun.id) : begun;
  if (talk === mine) talk = null;
  if (talk) return;
  hold("");
  tell(ended.sentence + (ended.seconds ? words.heard.replace("{seconds}", Math.round(ended.seconds)) : ""));
}

// Sends until the talk is over, by the person or by the box; what the person is told at last.
async function send(mine, id) {
  mine.id = id;
  for (let number = 0; mine.held || mine.blocks.length; number += 1) {
    if (mine.held && mine.blocks.length < LEAST_BLOCKS) {
      await new Promise((resolve) => { mine.wake = resolve; });
    }
    const blocks = mine.blocks.splice(0);
    if (!blocks.length) continue;
    const state = await ask(`${id}/${number}`, new Blob(blocks), "application/octet-stream");
    if (state && state.stage === "over") return state;
    if (state) {
      mine.answered = Date.now();
      if (!mine.held) continue;
      hold(state.stage);
      tell(state.sentence, state.seconds);
    } else if (Date.now() - mine.answered > DEAD_MS) {
      return { sentence: words.lost };
    }
  }
  return (await ask(`${id}/end`)) || { sentence: words.unended };
}

function hold(stage) {
  button.dataset.stage = stage;
  button.setAttribute("aria-pressed", String(Boolean(stage)));
  const [starts, stops] = lock.checked ? [words.press, words.press_again] : [words.hold, words.release];
  button.textContent = { "": starts, speak: stops }[stage] || words.wait;
  document.getElementById("severity").disabled = Boolean(stage);
  lock.disabled = Boolean(stage);
}

function release() {
  if (!talk || !talk.held) return;
  talk.held = false;
  hold("waiting");
  tell(words.ending);
  talk.wake();
}

function press() {
  if (!talk) speak();
  else if (lock.checked) release();
}

function leave() {
  const id = talk && talk.id;
  if (microphone) close();
  if (id) navigator.sendBeacon(`${place}/${id}/end`, new FormData(form));
}

if (!window.isSecureContext) document.getElementById("insecure").hidden = false;
else if (navigator.mediaDevices) {
  document.getElementById("no-microphone").hidden = true;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  opening.addEventListener("click", open);
  button.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    button.addEventListener(end, () => { if (!lock.checked) release(); });
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener("keyup", () => { if (!lock.checked) release(); });
  lock.addEventListener("change", () => hold(""));
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
}
