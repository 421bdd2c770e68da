import assert from "node:assert/strict";
import { test } from "node:test";

import { Reply } from "../../server/roomtone_server/ports/web/page/static/worklets/reply.js";

const RATE = 48000;
const BLOCK = 128;
const ones = (count) => new Float32Array(count).fill(0.5);

function reply(rate = RATE) {
  const made = new Reply(7, rate, RATE);
  const reports = [];
  const block = () => {
    const samples = new Float32Array(BLOCK);
    const report = made.render(samples);
    if (report) reports.push(report);
    return samples;
  };
  return { made, block, reports, blocks: (count) => Array.from({ length: count }, block) };
}

const isSilent = (block) => block.every((each) => each === 0);
const isWhole = (block) => block.every((each) => each === 0.5);

test("it begins with the first sample, and tells when it has come to the end", () => {
  const { made, block, blocks, reports } = reply();
  assert.ok(isSilent(block()));
  made.push(ones(1000));
  made.end();
  const [first, second] = blocks(9);
  assert.ok(first[0] > 0 && first[0] < 0.05, "faded in");
  assert.ok(isWhole(second));
  assert.deepEqual(reports, [
    { turn: 7, samples: 128, done: false },
    { turn: 7, samples: 1000, done: true },
  ]);
  assert.ok(made.isOver);
});

test("flushed, it is silent after one block, and tells how far it came", () => {
  const { made, block, blocks, reports } = reply();
  made.push(ones(RATE));
  blocks(10);
  made.flush();
  const last = block();
  assert.ok(last[0] < 0.5 && last[BLOCK - 1] === 0, "faded out");
  assert.ok(isSilent(block()));
  assert.deepEqual(reports.at(-1), { turn: 7, samples: 1280, done: true });
});

test("what is flushed before it sounded is told too", () => {
  const { made, block, reports } = reply();
  made.flush();
  block();
  assert.deepEqual(reports, [{ turn: 7, samples: 0, done: true }]);
});

test("paused, it goes on with the very next sample", () => {
  const { made, block, blocks, reports } = reply();
  made.push(Float32Array.from({ length: 1280 }, (_, n) => n / 1280));
  made.end();
  blocks(2);
  made.pause();
  assert.equal(block()[BLOCK - 1], 0);
  assert.ok(blocks(5).every(isSilent));
  assert.deepEqual(reports.at(-1), { turn: 7, samples: 256, done: false });
  made.resume();
  assert.equal(block()[BLOCK - 1], Math.fround(383 / 1280));
  assert.equal(block()[0], Math.fround(384 / 1280));
});

test("each time that it runs dry it waits for more, and never for more than 80 ms", () => {
  const { made, block, blocks } = reply();
  const stores = Array.from({ length: 5 }, () => {
    let pushed = 0;
    do {
      made.push(ones(BLOCK));
      pushed += BLOCK;
    } while (isSilent(block()));
    blocks(50);
    return pushed;
  });
  const atLeast = (ms) => Math.ceil((ms * RATE) / 1000 / BLOCK) * BLOCK;
  assert.deepEqual(stores, [BLOCK, atLeast(20), atLeast(40), atLeast(80), atLeast(80)]);
});

test("it tells of itself five times a second, at its own rate", () => {
  const { made, blocks, reports } = reply(24000);
  made.push(ones(24000));
  made.end();
  blocks(400);
  assert.deepEqual(reports.map(({ samples }) => Math.round(samples / 2400)), [0, 2, 4, 6, 8, 10]);
  assert.equal(reports.at(-1).samples, 24000);
});
