import assert from "node:assert/strict";
import { test } from "node:test";

import { begun, drawn, grown } from "../../server/roomtone_server/ports/web/page/static/views/turns/running.js";

const ZERO_MS = 5_000_000;

/** The microphone began 2 s before the events' zero; what it hears arrives 20 ms late or later. */
const sample = (ms) => (ms + 2_000) * 16;

const ANSWERED = [
  ["wake", 30, { name: "okay_nabu", sample: sample(10) }],
  ["speech-started", 460, { sample: sample(400) }],
  ["partial", 800, { text: "turn on" }],
  ["speculated", 900, { revision: 2 }],
  ["discarded", 1_250, { revision: 2 }],
  ["partial", 1_300, { text: "turn on the light" }],
  ["speculated", 1_400, { revision: 4 }],
  ["speech-ended", 1_660, { sample: sample(1_600) }],
  ["endpoint", 2_320, { sample: sample(2_300), silence_ms: 700 }],
  ["committed", 2_325, { revision: 4 }],
  ["transcript", 2_330, { text: "turn on the light" }],
  ["intent", 2_336, { name: "HassTurnOn" }],
  ["action", 2_338, { entity: "light.kitchen", service: "light.turn_on" }],
  ["reply", 2_340, { text: "Turned on " }],
  ["reply", 2_341, { text: "the light" }],
  ["first-audio", 2_352, { rate_hz: 22_050 }],
  ["sounded", 2_502, { samples: 2_205 }],
  ["played", 3_480, { samples: 24_000 }],
  ["ended", 3_490, { outcome: "answered" }],
].map(([what, ms, data]) => ({ satellite: "k1", turn: 1, at_ms: ZERO_MS + ms, what, data }));

const told = (events) => events.reduce(grown, begun(events[0]));
const until = (what) => ANSWERED.slice(0, ANSWERED.findIndex((event) => event.what === what) + 1);

test("a turn that has ended has every stage, and its words", () => {
  const turn = told(ANSWERED);
  assert.equal(turn.transcript, "turn on the light");
  assert.equal(turn.reply, "Turned on the light");
  assert.equal(turn.outcome, "answered");
  assert.deepEqual(turn.actions, [{ entity: "light.kitchen", service: "light.turn_on" }]);
  const { stages } = drawn(turn, Infinity);
  const spans = Object.entries(stages).map(([stage, [beginMs, endMs]]) => [stage, Math.round(endMs - beginMs)]);
  assert.deepEqual(Object.fromEntries(spans), {
    wake: 0,
    speech: 1_200,
    silence: 700,
    stt: 10,
    agent: 10,
    tts: 12,
    speaker: 40,
    sound: 1_088,
  });
});

test("what is under way reaches up to now", () => {
  const speaking = drawn(told(until("partial")), ZERO_MS + 1_000).stages;
  assert.deepEqual(Object.keys(speaking), ["wake", "speech"]);
  assert.equal(speaking.speech[1] - speaking.wake[0], 970);
  const waiting = drawn(told(until("speech-ended")), ZERO_MS + 2_000).stages;
  assert.deepEqual(waiting.speech[1], waiting.silence[0]);
  assert.equal(waiting.silence[1] - waiting.wake[0], 1_970);
});

test("a pause is no end: who speaks on is still speaking", () => {
  const spokeOn = told([
    ...until("speech-ended"),
    { ...ANSWERED[1], at_ms: ZERO_MS + 1_900, data: { sample: sample(1_800) } },
  ]);
  const { stages } = drawn(spokeOn, ZERO_MS + 2_000);
  assert.deepEqual(Object.keys(stages), ["wake", "speech"]);
});

test("each speculation lasts until it is thrown away or kept", () => {
  const { speculations } = drawn(told(ANSWERED), Infinity);
  assert.deepEqual(
    speculations.map(({ revision, fate, beginMs, endMs }) => [revision, fate, endMs - beginMs]),
    [
      [2, "discarded", 350],
      [4, "committed", 925],
    ],
  );
  const [open] = drawn(told(until("speculated")), ZERO_MS + 1_000).speculations;
  assert.deepEqual([open.fate, open.endMs - open.beginMs], ["open", 100]);
});

test("a turn seen from its middle is drawn as far as it is known", () => {
  const { stages } = drawn(told(ANSWERED.slice(10)), Infinity);
  assert.deepEqual(Object.keys(stages), ["agent", "tts", "speaker", "sound"]);
});

test("somebody who never stops does not fill the page", () => {
  const events = Array.from({ length: 500 }, (_, revision) => ({ ...ANSWERED[3], data: { revision } }));
  assert.ok(told(events).speculations.length <= 40);
});
