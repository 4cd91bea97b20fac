// Records in the page where the browser allows it (HTTPS, or this machine); else the file input serves.
"use strict";

const LONGEST_SECONDS = 600;
const button = document.getElementById("record");
const told = document.getElementById("told");
const input = document.getElementById("recording");
let recorder = null;

async function begin() {
  let microphone;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    tell("手机没有让用话筒。请在下面选一个录好的录音。");
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
    tell(`正在录：${seconds} 秒`);
    if (seconds >= LONGEST_SECONDS) recorder.stop();
  }, 500);
  recorder.start();
  button.textContent = "录好了，停";
  tell("正在录……");
}

function keep(pieces, type) {
  const files = new DataTransfer();
  files.items.add(new File(pieces, "recording", { type }));
  input.files = files.files;
  button.textContent = "不好，重录";
  tell("录好了，点下面的“交上去”。");
}

function tell(words) {
  told.hidden = false;
  told.textContent = words;
}

if (window.MediaRecorder && navigator.mediaDevices) {
  button.hidden = false;
  button.addEventListener("click", () => (recorder ? recorder.stop() : begin()));
}
