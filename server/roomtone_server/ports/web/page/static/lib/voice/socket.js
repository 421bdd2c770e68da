/**
 * The page's end of /voice, as docs/api.md describes it: connects, says who it is, connects anew when the line breaks.
 * It knows nothing of microphones and speakers; what is decided about a turn is decided in the server.
 */

const AGAIN_MS = [500, 1000, 2000, 5000, 10000]; // how long after a loss it is tried again
const ELSEWHERE = 4409; // this browser has connected again, in another tab

export class VoiceSocket {
  /**
   * @param {string|URL} url with ws: or wss:
   * @param {{browser: string, name: string, area: string|null}} hello
   * @param {(event: {type: string, [field: string]: unknown}) => void} tell gets each of the server's events; `sound`
   *   with `turn` and `pcm` (Int16Array) for audio; `lost` and `moved` when the line breaks
   * @param {{Socket?: typeof WebSocket, now?: () => number, later?: typeof setTimeout}} [world] for tests
   */
  constructor(url, hello, tell, world = {}) {
    this._url = url;
    this._hello = hello;
    this._tell = tell;
    this._Socket = world.Socket ?? globalThis.WebSocket;
    this._now = world.now ?? (() => performance.now());
    this._later = world.later ?? ((action, ms) => setTimeout(action, ms));
    this._socket = null;
    this._audioTurn = null;
    this._losses = 0;
    this._isClosed = false;
  }

  connect() {
    this._isClosed = false;
    const socket = new this._Socket(this._url);
    socket.binaryType = "arraybuffer";
    this._socket = socket;
    this._audioTurn = null;
    socket.onopen = () => this.send("hello", this._hello);
    socket.onmessage = ({ data }) => (typeof data === "string" ? this._take(JSON.parse(data)) : this._sound(data));
    socket.onclose = ({ code }) => socket === this._socket && this._lose(code);
  }

  /** For good; nothing is told any more. */
  close() {
    this._isClosed = true;
    this._socket?.close();
    this._socket = null;
  }

  /** Sends an event; without a connection it is let go, since the next one begins anew. */
  send(type, fields = {}) {
    if (this._socket?.readyState === 1) this._socket.send(JSON.stringify({ type, ...fields }));
  }

  /** @param {Int16Array} frame */
  sendAudio(frame) {
    if (this._socket?.readyState === 1) this._socket.send(frame);
  }

  _take(event) {
    if (event.type === "ping") this.send("pong", { id: event.id, at: this._now() });
    if (event.type === "audio") this._audioTurn = event.turn;
    if (event.type === "flush" && event.turn === this._audioTurn) this._audioTurn = null;
    if (event.type === "welcome") this._losses = 0;
    this._tell(event);
  }

  _sound(data) {
    if (this._audioTurn !== null) this._tell({ type: "sound", turn: this._audioTurn, pcm: new Int16Array(data) });
  }

  _lose(code) {
    this._socket = null;
    if (this._isClosed) return;
    if (code === ELSEWHERE) {
      this._tell({ type: "moved" });
      return;
    }
    this._tell({ type: "lost" });
    const ms = AGAIN_MS[Math.min(this._losses++, AGAIN_MS.length - 1)];
    this._later(() => this._isClosed || this._socket || this.connect(), ms);
  }
}
