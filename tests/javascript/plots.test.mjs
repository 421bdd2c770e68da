import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, plot, WIDTH } from "../../server/roomtone_server/ports/web/page/static/views/turns/plots.js";

const bucket = (p50, p95, p99) => ({ p50, p95, p99 });

test("the slowest turn touches the top, and the time axis is filled", () => {
  const { maxMs, worst } = plot([bucket(100, 200, 400), null, null, bucket(100, 150, 150)]);
  assert.equal(maxMs, 400);
  assert.deepEqual(
    worst.map(({ x }) => x),
    [WIDTH / 8, (WIDTH * 7) / 8],
  );
  assert.equal(worst[0].y, 2);
  assert.ok(worst[1].y > HEIGHT / 2);
});

test("a stretch without turns is a gap, and a lonely one is a dot", () => {
  const { line, band } = plot([bucket(1, 2, 3), bucket(1, 2, 3), null, bucket(1, 2, 3)]);
  assert.deepEqual(line.match(/[MLh]/g).join(""), "MLMh");
  assert.equal(band.match(/Z/g).length, 2);
});

test("a day without turns has nothing to draw", () => {
  assert.deepEqual(plot([null, null]), { maxMs: 1, line: "", band: "", worst: [] });
});
