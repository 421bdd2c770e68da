import assert from "node:assert/strict";
import { test } from "node:test";

import { SILENT, after } from "../../server/roomtone_server/ports/web/page/static/lib/voice/conversation.js";

const STARTED = { type: "started", mode: "hold", wake_words: [] };
const all = (...events) => events.reduce(after, after(SILENT, STARTED));

const TURN = [
  { type: "listening", turn: 1, by: "hold", seconds: null },
  { type: "partial", turn: 1, text: "turn on the" },
  { type: "heard", turn: 1 },
  { type: "transcript", turn: 1, text: "turn on the kitchen light" },
  { type: "intent", turn: 1, name: "HassTurnOn", slots: {} },
  { type: "action", turn: 1, entity: "light.kitchen", service: "light.turn_on", data: {} },
  { type: "reply", turn: 1, text: "Turned on." },
  { type: "audio", turn: 1, rate: 22050 },
  { type: "sounded", turn: 1 },
  { type: "ended", turn: 1, outcome: "answered", text: "" },
];

test("the phases of a turn, one after the other", () => {
  const phases = TURN.map((_, count) => all(...TURN.slice(0, count + 1)).phase);
  assert.deepEqual(phases.filter((phase, index) => phase !== phases[index - 1]), [
    "listening", "thinking", "speaking", "thinking", "ready",
  ]);
});

test("what was said, done and answered is kept", () => {
  const [{ key, ...exchange }] = all(...TURN).turns;
  assert.deepEqual(exchange, {
    turn: 1, said: "turn on the kitchen light", isFinal: true, intent: "HassTurnOn", reply: "Turned on.",
    deeds: [{ entity: "light.kitchen", service: "light.turn_on" }], outcome: "answered", trouble: "",
  });
});

test("who speaks into a reply is listened to, and the reply goes on when it was nothing", () => {
  const speaking = TURN.slice(0, -2);
  const interrupted = all(...speaking, { type: "listening", turn: 3, by: "interruption", seconds: null });
  assert.equal(interrupted.phase, "listening");
  const nothing = after(interrupted, { type: "ended", turn: 3, outcome: "nothing-said", text: "" });
  assert.equal(nothing.phase, "speaking");
  assert.deepEqual(nothing.turns.map(({ turn }) => turn), [1], "a turn of nothing leaves no trace");
});

test("a reply comes in pieces", () => {
  const { turns } = all({ type: "reply", turn: 2, text: "On" }, { type: "reply", turn: 2, text: "ce. Two." });
  assert.equal(turns[0].reply, "Once. Two.");
});

test("when the line breaks, what went on is over, and the numbers may come again", () => {
  const lost = after(all(...TURN.slice(0, 2)), { type: "lost" });
  assert.equal(lost.phase, "lost");
  assert.equal(lost.turns[0].outcome, "lost");
  const again = [STARTED, ...TURN].reduce(after, lost);
  assert.deepEqual(again.turns.map(({ said }) => said), ["turn on the", "turn on the kitchen light"]);
  assert.notEqual(again.turns[0].key, again.turns[1].key);
});

test("a failed turn says why", () => {
  const { turns } = all(TURN[0], { type: "ended", turn: 1, outcome: "failed", text: "the recogniser is gone" });
  assert.equal(turns[0].trouble, "the recogniser is gone");
});

test("only so many turns are kept, and what nobody knows changes nothing", () => {
  const many = Array.from({ length: 60 }, (_, index) => ({ type: "reply", turn: 2 * index, text: `${index}` }));
  assert.equal(all(...many).turns.length, 50);
  assert.equal(after(SILENT, { type: "stage", turn: 1 }), SILENT);
});
