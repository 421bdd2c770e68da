/** The microphone's end, on the audio thread: frames of 20 ms, int16, at the context's rate or resampled to another. */

import { Resampler } from "./resampler.js";

class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this._resampler = new Resampler(sampleRate, rate);
    this._samples = rate / 50;
    this._begin();
  }

  process([[block]]) {
    if (!block) return true; // nothing is connected yet
    for (const sample of this._resampler.push(block)) {
      const bounded = Math.max(-1, Math.min(1, sample));
      this._frame[this._filled++] = Math.round(bounded * 32767);
      if (this._filled === this._frame.length) this._send();
    }
    return true;
  }

  _begin() {
    this._frame = new Int16Array(this._samples);
    this._filled = 0;
  }

  /** With its level in dBFS, and the time of its end, to a block. */
  _send() {
    const frame = this._frame;
    let power = 0;
    for (const sample of frame) power += sample * sample;
    const level = 10 * Math.log10(power / frame.length / 32768 ** 2 + 1e-12);
    this.port.postMessage({ frame, level, at: currentTime }, [frame.buffer]);
    this._begin();
  }
}

registerProcessor("roomtone-capture", Capture);
