import assert from "node:assert/strict";
import { test } from "node:test";

const LIB = "../../server/roomtone_server/ports/web/page/static/lib";
const { serverSentEvents } = await import(`${LIB}/api.js`);
const { chosen, filled } = await import(`${LIB}/i18n.js`);
const { ago, bytes, milliseconds } = await import(`${LIB}/format.js`);

test("the language is the one that was kept, or the first of the browser's that there is", () => {
  assert.equal(chosen("hi", ["de"]), "hi");
  assert.equal(chosen(null, ["fr-CA", "de-AT", "en"]), "de");
  assert.equal(chosen("xx", ["fr"]), "en");
});

test("a text takes its values, in the form that their number wants", () => {
  assert.equal(filled("Say “{words}”, {words}!", { words: "hey" }, "en"), "Say “hey”, hey!");
  const rooms = { one: "{count} room", other: "{count} rooms" };
  assert.deepEqual([1, 2, 0].map((count) => filled(rooms, { count }, "en")), ["1 room", "2 rooms", "0 rooms"]);
  assert.equal(filled(undefined, {}, "en"), undefined);
  assert.equal(filled("{name}", {}, "en"), "{name}");
});

test("server-sent events, however they are cut into pieces", async () => {
  const stream = 'event: turn\ndata: {"a":1}\n\n: nobody\n\ndata: [1,\ndata: 2]\r\n\r\nevent: cut\ndata: {}';
  for (const size of [1, 7, 100]) {
    const count = Math.ceil(stream.length / size);
    const pieces = Array.from({ length: count }, (_, n) => stream.slice(n * size, (n + 1) * size));
    const events = [];
    for await (const event of serverSentEvents(pieces)) events.push(event);
    assert.deepEqual(events, [{ event: "turn", data: { a: 1 } }, { event: "message", data: [1, 2] }], `by ${size}`);
  }
});

const spaced = (text) => text.replace(/\s/g, " "); // numbers and units keep together

test("quantities are short and have their unit", () => {
  assert.deepEqual([null, 0, 839.6].map(milliseconds).map(spaced), ["–", "0 ms", "840 ms"]);
  assert.match(spaced(milliseconds(1239)), /^1\.24 s/);
  assert.deepEqual([1_540_000, 142_000_000].map(bytes).map(spaced), ["1.5 MB", "142 MB"]);
  assert.equal(ago(1_000, 1_180_000), "3 minutes ago");
});
