/**
 * Talking with the house: brings the microphone, the speaker and the server together. There is one for the whole page,
 * since it goes on listening while one looks at something else.
 */

import { checkSession } from "../session.js";
import { SILENT, after } from "./conversation.js";
import { keep, kept } from "./kept.js";
import { Sound } from "./sound.js";
import { VoiceSocket } from "./socket.js";

const TAP_MS = 300; // a shorter press is a tap: the utterance ends by its silence, and what sounds falls silent

class Talker extends EventTarget {
  constructor() {
    super();
    this.state = SILENT;
    this.settings = kept();
    this.otherwise = "Browser"; // what it is called while nobody has given it a name
    this.level = -120; // dBFS
    this._sound = new Sound((report) => this._tellPlayed(report));
    this._sound.volume = this.settings.volume;
    this._socket = null;
    this._isPressed = false;
    this._pressedAt = 0;
    this._isHolding = false; // the server was told so
    this._isReleasing = false;
    this._isStarted = false; // the server hears the microphone
    this._sample = 0; // of the next frame, since the server was told `start`
    this._placed = null; // the last sample whose position was told; null: a gap
    addEventListener("roomtone-session-lost", () => this._leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.rest());
  }

  /** Opens what is not open: must be called while the person does something. Returns whether all is there. */
  async start() {
    if (this._starting) return this._starting;
    this._starting = this._open().finally(() => (this._starting = null));
    return this._starting;
  }

  /** After a reload: goes on listening, where the browser lets a page that nobody has touched yet make a sound. */
  async resume() {
    if (this._socket || this.settings.mode === "hold") return;
    const microphone = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
    if (microphone?.state === "granted" && (await this._sound.mayBegin())) await this.start();
  }

  /** The button goes down. */
  async press() {
    this._isPressed = true;
    this._isReleasing = false;
    this._pressedAt = performance.now();
    const isNew = !this._isReady();
    if (isNew && !(await this.start())) return;
    this._wasSounding = this.state.sounding !== null;
    if (this._isPressed) this._socket.send("hold", { at: performance.now() });
    else if (isNew && this.settings.mode === "hold") this._socket.send("listen", { at: performance.now() });
    this._isHolding = this._isPressed;
  }

  /** The button is let go. */
  release() {
    this._isPressed = false;
    this._sound.wake(); // to browsers a finger counts when it is lifted
    if (!this._isHolding) return;
    if (performance.now() - this._pressedAt >= TAP_MS) {
      this._isReleasing = true; // with the frame that is being filled
      return;
    }
    this._isHolding = false;
    this._socket.send("cancel");
    if (!this._wasSounding) this._socket.send("listen", { at: performance.now() });
  }

  /** Whatever goes on is given up. */
  cancel() {
    this._socket?.send("cancel");
  }

  /** Nobody looks any more: without a wake word there is nothing to listen for. */
  rest() {
    if (this.settings.mode === "hold" && this._sound.hasMicrophone) this._closeMicrophone();
  }

  /**
   * Keeps settings, and begins anew with what they change; whoever chooses to be listened to is listened to.
   * @param {Partial<typeof this.settings>} changes
   */
  async change(changes) {
    const before = this.settings;
    this.settings = { ...before, ...changes };
    keep(this.settings);
    this._sound.volume = this.settings.volume;
    this._changed();
    const differs = (...names) => names.some((name) => this.settings[name] !== before[name]);
    const wasOpen = this._sound.hasMicrophone;
    if (differs("device") && wasOpen) this._closeMicrophone();
    if (differs("name", "area") && this._socket) this._hangUp();
    await this._starting; // with what was so before
    if (differs("mode") ? wasOpen || this.settings.mode !== "hold" : wasOpen && !this._isReady()) await this.start();
  }

  async _open() {
    this._step({ type: "starting" });
    try {
      if (!this._sound.hasMicrophone) await this._openMicrophone();
      await this._sound.wake();
    } catch (problem) {
      this._miss(problem.message);
      return false;
    }
    return this._started();
  }

  async _openMicrophone() {
    await this._sound.openSpeaker();
    const take = (frame, level, at) => this._take(frame, level, at);
    await this._sound.openMicrophone(this.settings.device, take, () => this._loseMicrophone());
  }

  /** It was unplugged, or another program took it. */
  _loseMicrophone() {
    this._closeMicrophone();
    this._miss("missing");
  }

  /** @param {string} what there is not: a text's key, or a sentence */
  _miss(what) {
    this._step({ type: "off" });
    this._step({ type: "problem", turn: null, text: what });
  }

  _closeMicrophone() {
    this._sound.closeMicrophone();
    this._isStarted = false;
    this._isHolding = false;
    this._socket?.send("stop");
    this._hearLevel(-120);
  }

  /** Resolves once the server hears the microphone: true; or when the line breaks: false. */
  _started() {
    return new Promise((resolve) => {
      this._onStarted = resolve;
      if (this._socket) this._begin();
      else this._dial();
    });
  }

  _dial() {
    const { browser, name, area } = this.settings;
    const url = new URL("voice", document.baseURI.split("#")[0]);
    url.protocol = url.protocol.replace("http", "ws");
    const hello = { browser, name: name || this.otherwise, area: area || null };
    this._socket = new VoiceSocket(url, hello, (event) => this._hear(event));
    this._socket.connect();
  }

  /** Whoever has logged out is neither heard nor spoken to. */
  _leave() {
    if (this._sound.hasMicrophone) this._closeMicrophone();
    if (this._socket) this._hangUp();
  }

  _hangUp() {
    this._socket.close();
    this._socket = null;
    this._settle(false);
    this._step({ type: "off" });
  }

  /** Another tab of this browser talks now; what is pressed here dials anew. */
  _moved() {
    this._sound.closeMicrophone();
    this._socket = null;
    this._settle(false);
  }

  /** Tells the server of the microphone: now, or as soon as the line is there. */
  _begin() {
    this._sample = 0;
    this._placed = null;
    this._socket.send("start", { rate: this._sound.rate, mode: this.settings.mode });
  }

  /** Begins, or ends: then whatever still sounds is of a turn that is over. */
  _settle(isStarted) {
    const { sounding } = this.state;
    if (!isStarted && sounding !== null) this._sound.order("flush", sounding);
    this._isStarted = isStarted;
    this._isHolding = this._isHolding && isStarted;
    this._onStarted?.(isStarted);
  }

  _hear(event) {
    ORDERS[event.type]?.(this, event);
    this._step(event);
  }

  /** A frame of the microphone; `at` is its first sample's. */
  _take(frame, level, at) {
    const first = this._sample;
    this._sample += frame.length;
    this._hearLevel(level);
    if (!this._isStarted || !this._isWanted()) {
      this._placed = null;
      return;
    }
    if (this._placed === null || first - this._placed >= this._sound.rate) {
      this._socket.send("position", { sample: first, at });
      this._placed = first;
    }
    this._socket.sendAudio(frame);
    if (!this._isReleasing) return;
    this._socket.send("release", { at: at + 20 });
    this._isHolding = this._isReleasing = false;
  }

  _lose() {
    this._settle(false);
    checkSession();
  }

  _isWanted() {
    const { hearing, sounding } = this.state;
    return this.settings.mode !== "hold" || this._isHolding || hearing !== null || sounding !== null;
  }

  _isReady() {
    return this._isStarted && this._sound.hasMicrophone;
  }

  _tellPlayed(report) {
    this._socket?.send("played", report);
    if (report.done) this._step({ type: "sounded", turn: report.turn });
  }

  _hearLevel(level) {
    this.level = level;
    this.dispatchEvent(new Event("level"));
  }

  _step(event) {
    const next = after(this.state, event);
    if (next === this.state) return;
    this.state = next;
    this._changed();
  }

  _changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** What the server's events make the talker do; what they make the person see is in conversation.js. */
const ORDERS = {
  welcome: (talker) => talker._sound.hasMicrophone && talker._begin(),
  started: (talker) => talker._settle(true),
  lost: (talker) => talker._lose(),
  moved: (talker) => talker._moved(),
  audio: ({ _sound }, { turn, rate }) => _sound.order("begin", turn, { rate }),
  sound: ({ _sound }, { turn, pcm }) => _sound.order("push", turn, { samples: Float32Array.from(pcm, toFloat) }),
  "audio-end": ({ _sound }, { turn }) => _sound.order("end", turn),
  pause: ({ _sound }, { turn }) => _sound.order("pause", turn),
  resume: ({ _sound }, { turn }) => _sound.order("resume", turn),
  flush: ({ _sound }, { turn }) => _sound.order("flush", turn),
  chime: ({ _sound }, { sound }) => _sound.chime(sound),
};

const toFloat = (sample) => sample / 32768;

export const talker = new Talker();
