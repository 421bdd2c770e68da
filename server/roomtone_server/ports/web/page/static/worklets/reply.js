/**
 * One reply in the speaker, as it arrives from the server. Pure: its time is the samples that are asked for.
 *
 * It begins with the first sample that it has. When it runs dry before the end, it waits until there is more in store:
 * 20 ms after the first time, twice as much after each further one, and never more than 80 ms.
 */

import { Resampler } from "./resampler.js";

const KEPT_S = 8; // guards memory: the server sends a fraction of a second ahead
const FIRST_STORE_S = 0.02;
const MOST_STORE_S = 0.08;
const REPORT_EVERY_S = 0.2;

export class Reply {
  /** @param {number} turn @param {number} rate the reply's, Hz @param {number} speakerRate Hz */
  constructor(turn, rate, speakerRate) {
    this.turn = turn;
    this.isOver = false;
    this._rate = rate;
    this._speakerRate = speakerRate;
    this._resampler = new Resampler(rate, speakerRate);
    this._ring = new Float32Array(KEPT_S * speakerRate);
    this._written = 0; // positions in the reply, at the speaker's rate
    this._read = 0;
    this._received = 0; // at the reply's own rate
    this._hasEnd = false;
    this._isPaused = false;
    this._isFlushed = false;
    this._sounds = false; // the last block was not silent
    this._store = 0; // how many samples it waits for; 0: for any
    this._reported = 0; // the position that the server knows
    this._owesReport = true; // from the first sample on
  }

  /** The next samples, 1 at full scale. Beyond what there is room for, they are lost. */
  push(samples) {
    this._received += samples.length;
    this._write(this._resampler.push(samples));
  }

  /** That was all of it. */
  end() {
    if (!this._hasEnd) this._write(this._resampler.end());
    this._hasEnd = true;
  }

  pause() {
    this._isPaused = true;
    this._owesReport = true;
  }

  /** Goes on with the very next sample. */
  resume() {
    this._isPaused = false;
  }

  /** Falls silent for good. */
  flush() {
    this._isFlushed = true;
  }

  /**
   * Fills a block that is silent; what begins or falls silent is faded over this one block.
   * @param {Float32Array} block
   * @returns {{turn: number, samples: number, done: boolean}|null} what the server should know: how much of the reply
   *   has sounded with this block, in samples at its own rate
   */
  render(block) {
    if (this.isOver) return null;
    const count = Math.min(block.length, this._written - this._read);
    const plays = this._mayPlay(count);
    if (count > 0 && (plays || this._sounds)) this._copy(block.subarray(0, count), plays);
    if (plays) this._read += count; // what was faded out for a pause sounds again
    const isQuiet = this._isPaused || this._isFlushed;
    this._sounds = plays;
    this.isOver = this._isFlushed || (this._hasEnd && this._read === this._written);
    return this.isOver || (this._owesReport && (plays || isQuiet)) || this._isDue() ? this._report() : null;
  }

  _mayPlay(count) {
    if (this._isPaused || this._isFlushed) return false;
    if (this._hasEnd) return count > 0;
    if (count === 0 && this._sounds) {
      const longer = Math.max(FIRST_STORE_S * this._speakerRate, 2 * this._store);
      this._store = Math.min(longer, MOST_STORE_S * this._speakerRate);
    }
    if (count === 0) return false;
    return this._sounds || this._written - this._read >= this._store;
  }

  _copy(block, plays) {
    const isLast = !plays || (this._sounds && !this._hasEnd && this._read + block.length === this._written);
    const from = this._sounds ? 1 : 0;
    const step = ((isLast ? 0 : 1) - from) / block.length;
    for (let index = 0; index < block.length; index++) {
      block[index] = this._ring[(this._read + index) % this._ring.length] * (from + step * (index + 1));
    }
  }

  _write(samples) {
    const room = this._ring.length - (this._written - this._read);
    const kept = samples.subarray(0, room);
    for (const [index, sample] of kept.entries()) this._ring[(this._written + index) % this._ring.length] = sample;
    this._written += kept.length;
  }

  _isDue() {
    return this._sounds && this._read - this._reported >= REPORT_EVERY_S * this._speakerRate;
  }

  _report() {
    const isWhole = this._hasEnd && this._read === this._written;
    const samples = isWhole ? this._received : Math.floor((this._read * this._rate) / this._speakerRate);
    this._reported = this._read;
    this._owesReport = false;
    return { turn: this.turn, samples: Math.min(samples, this._received), done: this.isOver };
  }
}
