/** The browser's microphone and speaker, with the worklets between them and the page. */

import { chime } from "./chimes.js";
import { AudioClock } from "./clock.js";

const WORKLETS = ["capture", "playback"].map((name) => new URL(`../../worklets/${name}.js`, import.meta.url));

const PATIENCE_MS = 500; // with a browser that says neither yes nor no

/** Why there is no microphone: `message` is the key of a text. */
class NoMicrophone extends Error {}

const REASONS = { NotAllowedError: "denied", NotFoundError: "missing", NotReadableError: "busy", AbortError: "busy" };

/** Both ends share one clock and one context. */
export class Sound {
  /** @param {(report: {turn: number, samples: number, done: boolean, at: number|null}) => void} onReport */
  constructor(onReport) {
    this._onReport = onReport;
    this._context = null;
    this._stream = null;
    this._loudness = 1;
    this.clock = new AudioClock();
  }

  /** Makes the speaker ready, unless it is: it sounds once it is awake. */
  async openSpeaker() {
    if (this._context) return;
    if (!isSecureContext) throw new NoMicrophone("insecure"); // there are no worklets either
    // The least that the machine can do: "interactive" is up to 30 ms more, and every reply would be late by them.
    const context = new AudioContext({ latencyHint: 0 });
    await Promise.all(WORKLETS.map((module) => context.audioWorklet.addModule(module)));
    this._speaker = new AudioWorkletNode(context, "roomtone-playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this._volume = new GainNode(context, { gain: this._loudness });
    this._speaker.connect(this._volume).connect(context.destination);
    this._speaker.port.onmessage = ({ data }) => this._report(data);
    this._context = context;
  }

  /** Resolves once the browser lets the page sound: when the person has done something. */
  async wake() {
    await this._context?.resume();
  }

  /** Whether it lets the page sound although nobody has done anything. */
  async mayBegin() {
    await this.openSpeaker();
    await Promise.race([this.wake(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    return this._context.state === "running";
  }

  /** Of the frames: what the server takes. */
  get rate() {
    return this._context.sampleRate === 48000 ? 48000 : 16000;
  }

  get hasMicrophone() {
    return this._stream !== null;
  }

  /**
   * The browser takes what the speaker plays out of what the microphone hears, and does nothing else to it: the
   * recogniser is used to rooms as they are.
   * @param {string} device its id; empty: the browser's choice
   * @param {(frame: Int16Array, level: number, at: number|null) => void} onFrame 20 ms; dBFS; ms on the page's clock,
   *   when its first sample was heard
   * @param {() => void} onEnd it was unplugged, or taken away
   * @throws {Error} `message` is insecure, denied, missing or busy
   */
  async openMicrophone(device, onFrame, onEnd) {
    if (!navigator.mediaDevices) throw new NoMicrophone("insecure");
    const wanted = { echoCancellation: true, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    const audio = device ? { ...wanted, deviceId: device } : wanted;
    const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch((problem) => {
      throw new NoMicrophone(REASONS[problem.name] ?? "missing");
    });
    this._stream = stream;
    const [track] = stream.getAudioTracks();
    track.onended = onEnd;
    const late = 20 + 1000 * (track.getSettings().latency ?? 0); // ms from the frame's first sample to its last
    this._source = new MediaStreamAudioSourceNode(this._context, { mediaStream: stream });
    this._capture ??= this._makeCapture();
    this._capture.port.onmessage = ({ data: { frame, level, at } }) => {
      this.clock.note(performance.now(), this._context.currentTime);
      onFrame(frame, level, Math.max(0, this.clock.onPage(at) - late));
    };
    this._source.connect(this._capture);
  }

  /** One for all microphones: a worklet that has none goes on for ever. */
  _makeCapture() {
    const processorOptions = { rate: this.rate };
    const options = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions };
    return new AudioWorkletNode(this._context, "roomtone-capture", options);
  }

  closeMicrophone() {
    if (!this._stream) return;
    for (const track of this._stream.getTracks()) track.stop();
    this._source.disconnect();
    this._capture.port.onmessage = null;
    this._stream = null;
  }

  /** For the speaker: begin {rate}, push {samples: Float32Array}, end, pause, resume or flush the reply of a turn. */
  order(order, turn, fields = {}) {
    const kept = fields.samples ? [fields.samples.buffer] : [];
    this._speaker?.port.postMessage({ order, turn, ...fields }, kept);
  }

  chime(sound) {
    if (this._context) chime(this._context, this._volume, sound);
  }

  /** @param {number} loudness 0 to 1, as a person hears it */
  set volume(loudness) {
    this._loudness = loudness ** 2;
    if (this._volume) this._volume.gain.value = this._loudness;
  }

  /** What has been rendered leaves the speaker a little later. */
  _report({ turn, samples, done, at }) {
    this.clock.note(performance.now(), this._context.currentTime);
    const latency = this._context.outputLatency || this._context.baseLatency || 0;
    this._onReport({ turn, samples, done, at: this.clock.onPage(at + latency) });
  }
}
