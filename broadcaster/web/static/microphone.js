// Records in the page where the browser allows it (HTTPS, or this machine); else the file input serves.
"use strict";

const LONGEST_SECONDS = 600;
const button = document.getElementById("record");
const told = document.getElementById("told");
const words = told.dataset;
const insecure = document.getElementById("insecure");
const input = document.getElementById("recording");
let recorder = null;

async function begin() {
  let microphone;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (refused) {
    const why = JSON.parse(words.refused);
    tell((why[refused.name] || why.microphone) + words.otherwise);
    return;
  }
  const pieces = [];
  const since = Date.now();
  recorder = new MediaRecorder(microphone);
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.onstop = () => {
    microphone.getTracks().forEach((track) => track.stop());
    clearInterval(clock);
    keep(pieces, recorder.mimeType);
    recorder = null;
  };
  const clock = setInterval(() => {
    const seconds = Math.round((Date.now() - since) / 1000);
    tell(words.counting.replace("{}", seconds));
    if (seconds >= LONGEST_SECONDS) recorder.stop();
  }, 500);
  recorder.start();
  button.textContent = words.stop;
  tell(words.recording);
}

function keep(pieces, type) {
  const files = new DataTransfer();
  files.items.add(new File(pieces, "recording", { type }));
  input.files = files.files;
  button.textContent = words.again;
  tell(words.done);
}

function tell(sentence) {
  told.hidden = false;
  told.textContent = sentence;
}

if (!window.isSecureContext) {
  if (insecure) insecure.hidden = false;
} else if (window.MediaRecorder && navigator.mediaDevices) {
  button.hidden = false;
  button.addEventListener("click", () => (recorder ? recorder.stop() : begin()));
}
