// Hands the microphone's samples on, many at a time: one message for each 128 would be 375 a second.
"use strict";

const FRAMES = 1024;

class Ear extends AudioWorkletProcessor {
  constructor() {
    super();
    this.start();
  }

  start() {
    this.samples = new Float32Array(FRAMES);
    this.filled = 0;
  }

  process(inputs) {
    const heard = inputs[0][0] || [];
    this.samples.set(heard, this.filled);
    this.filled += heard.length;
    if (this.filled === FRAMES) {
      this.port.postMessage(this.samples, [this.samples.buffer]);
      this.start();
    }
    return true;
  }
}

registerProcessor("ear", Ear);
