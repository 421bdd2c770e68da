import assert from "node:assert/strict";
import { test } from "node:test";

import { layout, marks } from "../../server/roomtone_server/ports/web/page/static/views/turns/waterfall.js";

const STAGES = {
  sound: [2_400, 4_000],
  wake: [0, 30],
  speech: [400, 1_600],
  silence: [1_600, 2_300],
  stt: [2_300, 2_300],
};

test("stages stand in their order, each in its share of the axis", () => {
  const { wholeMs, rows } = layout({ stages: STAGES });
  assert.equal(wholeMs, 4_000);
  assert.deepEqual(
    rows.map((row) => row.stage),
    ["wake", "speech", "silence", "stt", "sound"],
  );
  assert.deepEqual(rows[1], { stage: "speech", beginMs: 400, endMs: 1_600, x: 10, width: 30 });
});

test("a stage that took no time is still seen, and stays on the axis", () => {
  const { rows } = layout({ stages: { speech: [0, 1_000], sound: [1_000, 1_000] } });
  const [, sound] = rows;
  assert.ok(sound.width > 0.5);
  assert.ok(sound.x + sound.width <= 100);
});

test("V2V begins with the silence that was waited for", () => {
  assert.deepEqual(layout({ stages: STAGES, v2vMs: 800 }).v2v, { beginMs: 1_600, endMs: 2_400, x: 40, width: 20 });
  assert.equal(layout({ stages: STAGES }).v2v, null);
  assert.equal(layout({ stages: {}, v2vMs: 800 }).v2v, null);
});

test("speculations are drawn on the same axis, and lengthen it", () => {
  const speculations = [{ revision: 3, fate: "discarded", beginMs: 1_000, endMs: 8_000 }];
  const {
    wholeMs,
    speculations: [bar],
  } = layout({ stages: STAGES, speculations });
  assert.equal(wholeMs, 8_000);
  assert.deepEqual(bar, { revision: 3, fate: "discarded", beginMs: 1_000, endMs: 8_000, x: 12.5, width: 87.5 });
});

test("marks are round times, few enough to be read", () => {
  assert.deepEqual(
    marks(4_000, 6).map((mark) => mark.ms),
    [0, 1_000, 2_000, 3_000],
  );
  for (const wholeMs of [1, 49, 730, 3_999, 61_000, 7_200_000]) {
    const found = marks(wholeMs, 6);
    assert.ok(found.length >= 1 && found.length <= 7, `${wholeMs}: ${found.length}`);
    assert.ok(found.every((mark) => mark.x < 100));
  }
});
