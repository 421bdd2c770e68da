/**
 * A turn that goes on, from what the server tells of it: each event makes a new turn of the one before. Pure.
 *
 * Stages are drawn as they stand at a moment, the one that is under way up to it. What the microphone heard is placed
 * by its samples, as far as the earliest arrival of any of them tells; the server's own record, which knows the
 * satellite's clock, takes its place when the turn has ended.
 */

const SAMPLES_PER_MS = 16;
const MAX_SPECULATIONS = 40; // somebody who never stops talking must not fill the page
const MAX_ACTIONS = 20;

/**
 * @typedef {{satellite: string, turn: number, at_ms: number, what: string, data: Record<string, any>}} TurnEvent
 * @typedef {ReturnType<typeof begun>} RunningTurn
 */

/**
 * @param {TurnEvent} event its first, whichever that is
 */
export function begun({ satellite, turn, at_ms: atMs }) {
  return {
    satellite,
    turn,
    atMs,
    zeroMs: atMs,
    micBeganMs: Infinity,
    firsts: {},
    samples: {},
    silenceMs: null,
    rateHz: null,
    soundsMs: null,
    partial: "",
    transcript: "",
    rejected: "",
    reply: "",
    intent: "",
    actions: [],
    outcome: null,
    speculations: [],
  };
}

/**
 * @param {RunningTurn} turn
 * @param {TurnEvent} event
 * @returns {RunningTurn}
 */
export function grown(turn, event) {
  const { at_ms: atMs, what, data } = event;
  const firsts = what in turn.firsts ? turn.firsts : { ...turn.firsts, [what]: atMs };
  const micBeganMs =
    data.sample === undefined ? turn.micBeganMs : Math.min(turn.micBeganMs, atMs - data.sample / SAMPLES_PER_MS);
  return { ...turn, atMs: Math.max(turn.atMs, atMs), firsts, micBeganMs, ...TOLD[what]?.(turn, data, atMs) };
}

/** What each kind of event changes. @type {Record<string, (turn: RunningTurn, data: any, atMs: number) => object>} */
const TOLD = {
  wake: (turn, { sample, name }) => ({ samples: { ...turn.samples, [name ? "wake" : "button"]: sample } }),
  "speech-started": (turn, { sample }) => ({
    samples: { speechStarted: sample, ...turn.samples, speechEnded: undefined },
  }),
  "speech-ended": (turn, { sample }) => ({ samples: { ...turn.samples, speechEnded: sample } }),
  partial: (_turn, { text }) => ({ partial: text }),
  speculated: (turn, { revision }, beginMs) => ({
    speculations: [...turn.speculations, { revision, beginMs, endMs: null, fate: "open" }].slice(-MAX_SPECULATIONS),
  }),
  discarded: (turn, { revision }, endMs) => settled(turn, revision, endMs, "discarded"),
  committed: (turn, { revision }, endMs) => settled(turn, revision, endMs, "committed"),
  endpoint: (turn, { sample, silence_ms: silenceMs }) => ({
    samples: { ...turn.samples, endpoint: sample },
    silenceMs,
  }),
  rejected: (_turn, { text }) => ({ rejected: text }),
  transcript: (_turn, { text }) => ({ transcript: text }),
  intent: (_turn, { name }) => ({ intent: name }),
  action: (turn, { entity, service }) => ({ actions: [...turn.actions, { entity, service }].slice(-MAX_ACTIONS) }),
  reply: (turn, { text }) => ({ reply: turn.reply + text }),
  "first-audio": (_turn, { rate_hz: rateHz }) => ({ rateHz }),
  sounded: soundsSince,
  played: soundsSince,
  ended: (_turn, { outcome }) => ({ outcome }),
};

/**
 * As the turn's waterfall draws it, at a moment of the events' clock.
 * @param {RunningTurn} turn
 * @param {number} nowMs ignored once the turn has ended
 * @returns {{stages: Record<string, [number, number]>, speculations: object[]}} in ms since its first moment
 */
export function drawn(turn, nowMs) {
  const overMs = turn.outcome === null ? Math.max(nowMs, turn.atMs) : turn.firsts.ended;
  const spans = Object.entries(spansOf(turn))
    .filter(([, [beginMs]]) => Number.isFinite(beginMs))
    .map(([stage, [beginMs, endMs]]) => [stage, beginMs, Math.max(beginMs, Number.isFinite(endMs) ? endMs : overMs)]);
  const zeroMs = Math.min(turn.zeroMs, ...spans.map(([, beginMs]) => beginMs));
  return {
    stages: Object.fromEntries(spans.map(([stage, beginMs, endMs]) => [stage, [beginMs - zeroMs, endMs - zeroMs]])),
    speculations: turn.speculations.map(({ endMs, ...each }) => ({
      ...each,
      beginMs: each.beginMs - zeroMs,
      endMs: (endMs ?? overMs) - zeroMs,
    })),
  };
}

/** Begin and end of each stage on the events' clock; not a number where it has none yet. */
function spansOf({ firsts, samples, silenceMs, micBeganMs, soundsMs }) {
  const heardMs = (sample) => micBeganMs + sample / SAMPLES_PER_MS;
  const silenceBeganMs = silenceMs === null ? heardMs(samples.speechEnded) : heardMs(samples.endpoint) - silenceMs;
  return {
    wake: [heardMs(samples.wake), firsts.wake],
    speech: [heardMs(Math.max(samples.speechStarted, samples.wake ?? 0)), silenceBeganMs],
    silence: [silenceBeganMs, firsts.endpoint],
    stt: [firsts.endpoint, firsts.transcript],
    agent: [firsts.transcript, firsts.reply],
    tts: [firsts.reply, firsts["first-audio"]],
    speaker: [firsts["first-audio"], soundsMs ?? undefined],
    sound: [soundsMs ?? undefined, firsts.played],
  };
}

function settled(turn, revision, endMs, fate) {
  const settle = (each) => (each.revision === revision && each.endMs === null ? { ...each, endMs, fate } : each);
  return { speculations: turn.speculations.map(settle) };
}

/** When the reply began to sound: the earliest that any report says, but not before it was sent. */
function soundsSince({ rateHz, firsts, soundsMs }, { samples }, atMs) {
  if (!rateHz || !samples) return {};
  const since = Math.max(firsts["first-audio"] ?? 0, atMs - (samples / rateHz) * 1000);
  return { soundsMs: Math.min(soundsMs ?? Infinity, since) };
}
