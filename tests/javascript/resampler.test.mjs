import assert from "node:assert/strict";
import { test } from "node:test";

import { Resampler } from "../../server/roomtone_server/ports/web/page/static/worklets/resampler.js";

const tone = (hz, rate, count) =>
  Float32Array.from({ length: count }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));

function resampled(from, to, samples, piece = samples.length) {
  const resampler = new Resampler(from, to);
  const pieces = [];
  for (let at = 0; at < samples.length; at += piece) pieces.push(...resampler.push(samples.subarray(at, at + piece)));
  return Float32Array.from([...pieces, ...resampler.end()]);
}

const power = (samples) => samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
const decibels = (samples) => 10 * Math.log10(power(samples) + 1e-20);

for (const [from, to] of [[22050, 48000], [24000, 44100], [48000, 16000], [44100, 16000], [16000, 48000]]) {
  test(`a tone is the same tone, at the same time: ${from} to ${to} Hz`, () => {
    const out = resampled(from, to, tone(1000, from, from / 2));
    assert.ok(Math.abs(out.length - to / 2) <= 1, `${out.length} samples`);
    const error = out.map((each, n) => each - Math.sin((2 * Math.PI * 1000 * n) / to)).slice(500, -500);
    assert.ok(decibels(error) < -75, `${decibels(error)} dB`);
  });
}

test("what the lower rate cannot carry is left out", () => {
  assert.ok(decibels(resampled(48000, 16000, tone(9500, 48000, 24000)).slice(500, -500)) < -75);
});

test("how it comes in pieces makes no difference", () => {
  const input = tone(440, 22050, 5000);
  assert.deepEqual(resampled(22050, 48000, input, 128), resampled(22050, 48000, input));
});

test("the same rate is left as it is", () => {
  const input = tone(440, 48000, 300);
  assert.deepEqual(resampled(48000, 48000, input), input);
});
