/**
 * Resamples a stream by a rational factor: a polyphase filter, a sinc under a Kaiser window of beta 8, which leaves of
 * what would be folded back some 80 dB less. Pure; both worklets use it.
 */

const ZEROS = 16; // of the sinc, to each side: the filter spans twice as many samples of the slower rate
const BETA = 8;
const PASSED = 0.91; // of the lower Nyquist frequency; the rest is where the filter falls

export class Resampler {
  /** @param {number} from Hz, a whole number; @param {number} to likewise */
  constructor(from, to) {
    const common = gcd(from, to);
    this._up = to / common;
    this._down = from / common;
    const cutoff = Math.min(1, to / from) * PASSED;
    this._half = Math.ceil(ZEROS / Math.min(1, to / from));
    this._phases = Array.from({ length: this._up }, (_, phase) => filter(this._half, cutoff, phase / this._up));
    this._rest = new Float32Array(this._half - 1); // silence before the first sample
    this._phase = 0;
  }

  /** @param {Float32Array} input any length; @returns {Float32Array} what can be said so far */
  push(input) {
    if (this._up === this._down) return input;
    const all = new Float32Array(this._rest.length + input.length);
    all.set(this._rest);
    all.set(input, this._rest.length);
    const taps = 2 * this._half;
    const output = new Float32Array(Math.ceil(((all.length + 1) * this._up) / this._down));
    let count = 0;
    let at = 0;
    for (; at + taps <= all.length; count++) {
      output[count] = dot(this._phases[this._phase], all, at);
      this._phase += this._down;
      at += Math.floor(this._phase / this._up);
      this._phase %= this._up;
    }
    this._rest = all.slice(at);
    return output.subarray(0, count);
  }

  /** What is left once the last sample was pushed. @returns {Float32Array} */
  end() {
    return this.push(new Float32Array(this._up === this._down ? 0 : this._half));
  }
}

function filter(half, cutoff, offset) {
  const taps = Float32Array.from({ length: 2 * half }, (_, index) => {
    const x = index - half + 1 - offset;
    return sinc(cutoff * x) * kaiser(x / half);
  });
  const sum = taps.reduce((total, each) => total + each, 0);
  return taps.map((each) => each / sum);
}

function dot(taps, samples, at) {
  let sum = 0;
  for (let index = 0; index < taps.length; index++) sum += taps[index] * samples[at + index];
  return sum;
}

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kaiser = (x) => (Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA));

/** The modified Bessel function of order zero, by its power series. */
function bessel(x) {
  let sum = 1;
  for (let term = 1, step = 1; term > 1e-12 * sum; step++) {
    term *= (x / (2 * step)) ** 2;
    sum += term;
  }
  return sum;
}

const gcd = (a, b) => (b ? gcd(b, a % b) : a);
