// Speaks live: opens the microphone, and while the button is held sends what it hears to the box.
"use strict";

const BLOCK_SECONDS = 0.1;
// Sent two by two; what a bad line holds up longer than a second is left out.
const LEAST_BLOCKS = 2;
const MOST_BLOCKS = 10;
const ANSWER_MS = 1500;
const DEAD_MS = 3000;
const REFUSED = {
  401: "您已经退出登录了，请重新登录。",
  403: "您的账号不能现场讲话，请找书记。",
  404: "这次讲话已经结束了。",
};

const form = document.getElementById("talk");
const opening = document.getElementById("open");
const button = document.getElementById("hold");
const meter = document.getElementById("level");
const told = document.getElementById("told");
const left = document.getElementById("left");
const lock = document.getElementById("lock");
const rate = Number(form.dataset.rate);
const token = form.elements.csrf_token.value;
let microphone = null;
let talk = null;

function tell(words, seconds) {
  told.textContent = words;
  left.hidden = seconds === undefined;
  if (seconds !== undefined) {
    left.textContent = `还能讲 ${Math.floor(seconds / 60)} 分 ${Math.floor(seconds % 60)} 秒`;
  }
}

async function open() {
  opening.disabled = true;
  try {
    const input = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, noiseSuppression: true, autoGainControl: true },
    });
    microphone = { input, context: new AudioContext({ sampleRate: rate }) };
    await microphone.context.audioWorklet.addModule(form.dataset.worklet);
    hear(microphone);
    await microphone.context.resume();
  } catch {
    close();
    return tell("手机没有让用话筒。请在浏览器的设置里允许，再按一次。");
  }
  show(true);
  tell("话筒开了。按住圆按钮，看到“请讲”再讲。");
}

// What a horn carries: without the lows, and even in loudness.
function hear({ input, context }) {
  const lows = new BiquadFilterNode(context, { type: "highpass", frequency: 150 });
  const even = new DynamicsCompressorNode(context, { threshold: -28, ratio: 4, attack: 0.005, release: 0.1 });
  const blocks = new AudioWorkletNode(context, "blocks", {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: "explicit",
    processorOptions: { frames: Math.round(BLOCK_SECONDS * rate) },
  });
  context.createMediaStreamSource(input).connect(lows).connect(even).connect(blocks);
  blocks.port.onmessage = ({ data }) => {
    meter.value = data.peak;
    if (talk) add(talk, data.block);
  };
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
async function ask(path, body, type) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_MS + (path.endsWith("/end") ? DEAD_MS : 0));
  try {
    const answer = await fetch(`/talk/${path}`, {
      method: "POST",
      body,
      headers: { "Content-Type": type || "application/x-www-form-urlencoded", "X-CSRFToken": token },
      signal: patience.signal,
      keepalive: path.endsWith("/end"),
    });
    if (answer.ok || answer.status === 409) return { stage: "over", ...(await answer.json()) };
    return { stage: "over", sentence: REFUSED[answer.status] || "广播站没有收下讲话，请再按一次。" };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function speak() {
  const mine = { blocks: [], held: true, wake() {}, answered: Date.now() };
  const fields = new URLSearchParams(new FormData(form));
  talk = mine;
  hold("waiting");
  tell("正在接通……");
  const begun = (await ask("begin", fields)) || { sentence: "连不上广播站，请看看网络，再按一次。" };
  const ended = begun.id ? await send(mine, begun.id) : begun;
  if (talk === mine) talk = null;
  if (talk) return;
  hold("");
  tell(ended.sentence + (ended.seconds ? `大喇叭响了 ${Math.round(ended.seconds)} 秒。` : ""));
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
      if (mine.held) hold(state.stage);
      tell(state.sentence, state.seconds);
    } else if (Date.now() - mine.answered > DEAD_MS) {
      return { sentence: "和广播站断开了，讲话已经停了。" };
    }
  }
  hold("waiting");
  tell("松开了，正在收尾……");
  return (await ask(`${id}/end`)) || { sentence: "松开了。网络不好，广播站 3 秒内自己停。" };
}

function hold(stage) {
  button.dataset.stage = stage;
  button.setAttribute("aria-pressed", String(Boolean(stage)));
  const stops = lock.checked ? "再按一下停" : "松开就停";
  button.textContent = { "": "按住讲话", speak: stops }[stage] || "请稍等";
  if (!stage && lock.checked) button.textContent = "按一下，讲话";
  document.getElementById("severity").disabled = Boolean(stage);
  lock.disabled = Boolean(stage);
}

function release() {
  if (!talk || !talk.held) return;
  talk.held = false;
  talk.wake();
}

function press() {
  if (!talk) speak();
  else if (lock.checked) release();
}

function leave() {
  const id = talk && talk.id;
  if (microphone) close();
  if (id) ask(`${id}/end`);
}

if (navigator.mediaDevices && window.AudioWorkletNode) {
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
