/** The speaker's end, on the audio thread: plays the reply of one turn at a time, and reports what has sounded. */

import { Reply } from "./reply.js";

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this._reply = null;
    this.port.onmessage = ({ data }) => this._take(data);
  }

  /** Orders of another turn than the one that plays come too late: they are let go. */
  _take({ order, turn, rate, samples }) {
    if (order === "begin") this._reply = new Reply(turn, rate, sampleRate);
    else if (this._reply?.turn !== turn) return;
    else if (order === "push") this._reply.push(samples);
    else this._reply[order](); // end, pause, resume, flush
  }

  process(_inputs, [[block]]) {
    const report = this._reply?.render(block);
    if (report) this.port.postMessage({ ...report, at: currentTime + block.length / sampleRate });
    if (this._reply?.isOver) this._reply = null;
    return true;
  }
}

registerProcessor("roomtone-playback", Playback);
