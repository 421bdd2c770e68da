/** Plays a whole recording, one at a time. */

/** The sound of one text; a new one ends the one before. */
export class Player {
  /** @param {() => void} ended called when a recording has come to its end by itself */
  constructor(ended) {
    this._ended = ended;
    this._context = null;
    this._source = null;
  }

  /** Browsers let a page sound only after it was touched: call this while handling a click, before waiting. */
  open() {
    this._context ??= new AudioContext();
    this._context.resume();
  }

  /** @param {ArrayBuffer} recording in any format that the browser reads; rejects for another */
  async play(recording) {
    const buffer = await this._context.decodeAudioData(recording);
    this.stop();
    const source = new AudioBufferSourceNode(this._context, { buffer });
    source.connect(this._context.destination);
    source.onended = () => {
      if (this._source === source) this._ended();
    };
    source.start();
    this._source = source;
  }

  stop() {
    this._source?.stop();
    this._source = null;
  }

  close() {
    this._source = null;
    this._context?.close();
    this._context = null;
  }
}
