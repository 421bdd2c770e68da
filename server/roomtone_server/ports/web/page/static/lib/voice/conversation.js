/**
 * What was said, and what goes on: the state of the Talk view, as the server's events make it. Pure.
 *
 * `phase` is what the person is told: off, starting, lost, moved; ready (something must be pressed or said first),
 * listening, thinking, speaking.
 */

const MOST_TURNS = 50; // guards memory: a page may stay open for months

/**
 * @typedef {{key: number, turn: number|null, said: string, isFinal: boolean, intent: string|null, reply: string,
 *   deeds: {entity: string, service: string}[], outcome: string|null, trouble: string}} Exchange
 *   one turn; `turn` is null once its connection is over
 * @typedef {{phase: string, mode: string, wakeWords: string[], turns: Exchange[], sounding: number|null,
 *   hearing: number|null, trouble: string, count: number}} Conversation
 */

/** @type {Conversation} */
export const SILENT = {
  phase: "off", mode: "hold", wakeWords: [], turns: [], sounding: null, hearing: null, trouble: "", count: 0,
};

const UNSAID = { said: "", isFinal: false, intent: null, deeds: [], reply: "", outcome: null, trouble: "" };

const STEPS = {
  starting: (state) => ({ ...state, phase: "starting", trouble: "" }),
  off: (state) => ({ ...broken(state), phase: "off" }),
  lost: (state) => ({ ...broken(state), phase: "lost" }),
  moved: (state) => ({ ...broken(state), phase: "moved" }),
  started: (state, { mode, wake_words: wakeWords }) => ({ ...state, phase: "ready", mode, wakeWords, trouble: "" }),
  listening: (state, { turn }) => phased({ ...withTurn(state, turn), hearing: turn, trouble: "" }),
  heard: (state, { turn }) => phased({ ...state, hearing: state.hearing === turn ? null : state.hearing }),
  partial: (state, { turn, text }) => changed(state, turn, () => ({ said: text })),
  transcript: (state, { turn, text }) => changed(state, turn, () => ({ said: text, isFinal: true })),
  intent: (state, { turn, name }) => changed(state, turn, () => ({ intent: name })),
  action: (state, { turn, entity, service }) =>
    changed(state, turn, ({ deeds }) => ({ deeds: [...deeds, { entity, service }] })),
  reply: (state, { turn, text }) => changed(state, turn, ({ reply }) => ({ reply: reply + text })),
  audio: (state, { turn }) => phased({ ...withTurn(state, turn), sounding: turn }),
  flush: (state, { turn }) => phased(silenced(state, turn)),
  sounded: (state, { turn }) => phased(silenced(state, turn)),
  problem: (state, { turn, text }) =>
    turn === null ? { ...state, trouble: text } : changed(state, turn, () => ({ trouble: text })),
  ended: (state, event) => phased(ended(state, event)),
};

/**
 * @param {Conversation} state
 * @param {{type: string, [field: string]: unknown}} event of the server's, or `starting`, `off`, `lost`, `moved`, and
 *   `sounded` {turn}, when the speaker has come to a reply's end
 * @returns {Conversation}
 */
export function after(state, event) {
  return STEPS[event.type]?.(state, event) ?? state;
}

/** A turn without words, deeds or trouble leaves no trace. */
const isSomething = (each) => each.said || each.reply || each.deeds.length || each.trouble || each.outcome === null;

function ended(state, { turn, outcome, text }) {
  const next = changed(state, turn, () => ({ outcome, isFinal: true, trouble: outcome === "failed" ? text : "" }));
  const hearing = next.hearing === turn ? null : next.hearing;
  return { ...next, hearing, turns: next.turns.filter(isSomething) };
}

function broken(state) {
  const turns = state.turns.map((each) => ({ ...each, turn: null, isFinal: true, outcome: each.outcome ?? "lost" }));
  return { ...state, turns: turns.filter(isSomething), sounding: null, hearing: null };
}

const silenced = (state, turn) => ({ ...state, sounding: state.sounding === turn ? null : state.sounding });

function phased(state) {
  const isOpen = state.turns.some((each) => each.outcome === null);
  if (state.hearing !== null) return { ...state, phase: "listening" };
  if (state.sounding !== null) return { ...state, phase: "speaking" };
  return { ...state, phase: isOpen ? "thinking" : "ready" };
}

function withTurn(state, turn) {
  if (state.turns.some((each) => each.turn === turn)) return state;
  const count = state.count + 1;
  const fresh = { ...UNSAID, key: count, turn };
  return { ...state, count, turns: [...state.turns, fresh].slice(-MOST_TURNS) };
}

function changed(state, turn, change) {
  const next = withTurn(state, turn);
  return { ...next, turns: next.turns.map((each) => (each.turn === turn ? { ...each, ...change(each) } : each)) };
}
