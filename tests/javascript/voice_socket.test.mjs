import assert from "node:assert/strict";
import { test } from "node:test";

import { AudioClock } from "../../server/roomtone_server/ports/web/page/static/lib/voice/clock.js";
import { VoiceSocket } from "../../server/roomtone_server/ports/web/page/static/lib/voice/socket.js";

const HELLO = { browser: "12345678", name: "Tablet", area: null };

/** A server's end in this file's hands, and a clock that stands still. */
function world() {
  const made = [];
  class Socket {
    constructor(url) {
      Object.assign(this, { url, readyState: 0, sent: [] });
      made.push(this);
    }
    send(data) {
      this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
    }
    close() {
      this.readyState = 3;
    }
    open() {
      this.readyState = 1;
      this.onopen();
    }
    tell(event) {
      this.onmessage({ data: event instanceof ArrayBuffer ? event : JSON.stringify(event) });
    }
    drop(code) {
      this.readyState = 3;
      this.onclose({ code });
    }
  }
  const told = [];
  const waiting = [];
  const later = (action, ms) => waiting.push({ action, ms });
  const system = { Socket, later, now: () => 42 };
  const voice = new VoiceSocket("wss://attic/voice", HELLO, (event) => told.push(event), system);
  voice.connect();
  return { voice, made, told, waiting };
}

test("it says who it is first, and answers pings with its time", () => {
  const { made: [socket] } = world();
  socket.open();
  socket.tell({ type: "ping", id: 3 });
  assert.deepEqual(socket.sent, [{ type: "hello", ...HELLO }, { type: "pong", id: 3, at: 42 }]);
});

test("audio is of the reply that was named last, and of none after a flush", () => {
  const { made: [socket], told } = world();
  socket.open();
  socket.tell({ type: "audio", turn: 5, rate: 22050 });
  socket.tell(Int16Array.of(1, 2).buffer);
  socket.tell({ type: "flush", turn: 5 });
  socket.tell(Int16Array.of(3).buffer);
  assert.deepEqual(told.filter(({ type }) => type === "sound"), [{ type: "sound", turn: 5, pcm: Int16Array.of(1, 2) }]);
});

test("it connects anew, later each time, until it is welcome", () => {
  const { made, waiting, told } = world();
  made[0].drop(1006);
  waiting.pop().action();
  made[1].drop(1006);
  const second = waiting.pop();
  assert.ok(second.ms > 500);
  second.action();
  made[2].open();
  made[2].tell({ type: "welcome", satellite: "b1", server: "attic" });
  made[2].drop(1001);
  assert.equal(waiting.pop().ms, 500);
  assert.equal(told.filter(({ type }) => type === "lost").length, 3);
});

test("it stays away when another tab has taken its place, or when it was closed", () => {
  const { made, waiting, told } = world();
  made[0].drop(4409);
  assert.deepEqual([told.at(-1).type, waiting.length], ["moved", 0]);
  const other = world();
  other.voice.close();
  other.made[0].drop(1000);
  assert.deepEqual([other.told, other.waiting], [[], []]);
});

test("without a line nothing is sent", () => {
  const { voice, made: [socket] } = world();
  voice.send("hold");
  voice.sendAudio(Int16Array.of(1));
  assert.deepEqual(socket.sent, []);
});

test("the audio's clock is brought onto the page's by the reading that came least late", () => {
  const clock = new AudioClock();
  assert.equal(clock.onPage(1), null);
  clock.note(5030, 1);
  clock.note(6004, 2);
  clock.note(7080, 3);
  assert.ok(Math.abs(clock.onPage(3) - 7004) < 0.1);
  clock.note(60_000, 4);
  assert.equal(clock.onPage(4), 60_000, "it slept meanwhile");
});
