import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { qrCode } from "../../server/roomtone_server/ports/web/page/static/lib/qr.js";

// As another encoder, python-qrcode, makes them with the same mask: one block, two blocks, and blocks of two lengths.
const KNOWN = JSON.parse(readFileSync(new URL("qr_codes.json", import.meta.url), "utf-8"));

for (const [text, rows] of Object.entries(KNOWN)) {
  test(`the code of ${text}`, () => {
    assert.deepEqual(qrCode(text).map((row) => row.map((isDark) => (isDark ? "#" : ".")).join("")), rows);
  });
}

test("what is too long has none", () => {
  assert.equal(qrCode("x".repeat(180)).length, 53);
  assert.equal(qrCode("x".repeat(181)), null);
  assert.equal(qrCode("ü".repeat(91)), null);
});
