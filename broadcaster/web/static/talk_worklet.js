// Gathers the microphone's samples into blocks of 16 bit, and hands each over with its peak.
"use strict";

class Blocks extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.frames = options.processorOptions.frames;
    this.start();
  }

  start() {
    this.block = new DataView(new ArrayBuffer(2 * this.frames));
    this.filled = 0;
    this.peak = 0;
  }

  process(inputs) {
    for (const sample of inputs[0][0] || []) {
      const level = Math.max(-1, Math.min(1, sample));
      this.peak = Math.max(this.peak, Math.abs(level));
      this.block.setInt16(2 * this.filled, Math.round(32767 * level), true);
      this.filled += 1;
      if (this.filled === this.frames) {
        this.port.postMessage({ block: this.block.buffer, peak: this.peak }, [this.block.buffer]);
        this.start();
      }
    }
    return true;
  }
}

registerProcessor("blocks", Blocks);
