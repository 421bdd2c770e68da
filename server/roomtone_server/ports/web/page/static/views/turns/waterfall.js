/** A turn's stages on one time axis. Pure: times in, shares of the axis in percent out, which SVG takes as they are. */

/** In the order of `telemetry.record.STAGES`. */
export const STAGES = ["wake", "speech", "silence", "stt", "agent", "tts", "speaker", "sound"];

const MIN_WIDTH = 0.7; // percent: what took no time is still seen
const STEPS_MS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000];

/**
 * @typedef {{beginMs: number, endMs: number, x: number, width: number}} Bar
 * @typedef {{stage: string} & Bar} Row
 * @typedef {{revision: number, fate: "open" | "committed" | "discarded"} & Bar} Speculation
 */

/**
 * @param {{stages: Record<string, [number, number]>, v2vMs?: number | null, speculations?: object[]}} turn
 * @param {number} mostMarks that have room on the axis
 * @returns {{wholeMs: number, rows: Row[], v2v: Bar | null, speculations: Speculation[],
 *   marks: {ms: number, x: number}[]}} only the stages that began; V2V begins with the silence
 */
export function layout({ stages, v2vMs = null, speculations = [] }, mostMarks = 6) {
  const ends = [...Object.values(stages).map(([, endMs]) => endMs), ...speculations.map((each) => each.endMs)];
  const wholeMs = Math.max(1, ...ends);
  const bar = (beginMs, endMs) => {
    const width = Math.max(MIN_WIDTH, ((endMs - beginMs) / wholeMs) * 100);
    return { beginMs, endMs, x: Math.min((beginMs / wholeMs) * 100, 100 - width), width };
  };
  return {
    wholeMs,
    rows: STAGES.filter((stage) => stage in stages).map((stage) => ({ stage, ...bar(...stages[stage]) })),
    v2v: v2vMs === null || !stages.silence ? null : bar(stages.silence[0], stages.silence[0] + v2vMs),
    speculations: speculations.map((each) => ({ ...each, ...bar(each.beginMs, each.endMs) })),
    marks: marks(wholeMs, mostMarks),
  };
}

/**
 * Round times along the axis, none so near its end that its words would leave it.
 * @param {number} wholeMs
 * @param {number} most
 */
export function marks(wholeMs, most) {
  const stepMs = STEPS_MS.find((each) => wholeMs / each <= most) ?? wholeMs / most;
  const count = Math.floor((wholeMs * 0.97) / stepMs) + 1;
  return Array.from({ length: count }, (_, number) => ({
    ms: number * stepMs,
    x: ((number * stepMs) / wholeMs) * 100,
  }));
}
