/** Brings the audio's clock onto the page's: both run evenly, but who reads them comes late, now more and now less. */

const ASLEEP_MS = 500; // nobody reads so late: the audio's clock stood still, as that of a suspended machine does
const DRIFT_MS = 0.01; // how much the bound rises with each reading, so that it follows clocks that drift apart

export class AudioClock {
  constructor() {
    this._offset = null; // ms on the page's clock when the audio's showed 0: the least that was seen
  }

  /** Both clocks, read at once: `now` in ms, the audio's in s. */
  note(now, audio) {
    const offset = now - audio * 1000;
    const isAnew = this._offset === null || offset > this._offset + ASLEEP_MS;
    this._offset = isAnew ? offset : Math.min(this._offset + DRIFT_MS, offset);
  }

  /** A time of the audio's clock, s, on the page's, ms; null before the first reading. */
  onPage(audio) {
    return this._offset === null ? null : audio * 1000 + this._offset;
  }
}
