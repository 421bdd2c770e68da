/** A turn in a line, and in full, as templates. */

import { css, html, nothing, svg } from "../../vendor/lit.js";
import { milliseconds, moment } from "../../lib/format.js";
import { hasText, t } from "../../lib/i18n.js";
import "./waterfall-chart.js";

const GOOD = new Set(["answered", "interrupted", "elsewhere"]);
const QUIET = new Set(["nothing-said", "cancelled"]); // nobody is to blame, and nothing is to be mended

export const partStyles = css`
  .line {
    display: grid; grid-template-columns: minmax(0, 1fr) auto 7rem; align-items: center; gap: 0 var(--s3);
    min-height: 52px; padding: var(--s2) var(--s4); color: inherit; text-decoration: none;
  }
  .line:hover { background: var(--tint); }
  .line .place { font-weight: 560; }
  .line .v2v { display: grid; justify-items: end; gap: 3px; }
  .line svg { width: 100%; height: 4px; }
  .line rect { rx: 2px; fill: var(--plot-1); }
  .line rect.silence { fill: var(--muted); opacity: .35; }
  .line .why { grid-column: 1 / -1; }
  .whole { display: flex; flex-direction: column; gap: var(--s3); padding: var(--s2) var(--s4) var(--s4); }
  .said::before { content: "“"; }
  .said::after { content: "”"; }
  .said { font-size: 1.1rem; overflow-wrap: anywhere; }
  .said.partial { color: var(--muted); }
  .answer { padding-inline-start: var(--s3); border-inline-start: 3px solid var(--accent); overflow-wrap: anywhere; }
  dl {
    display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: var(--s1) var(--s4); margin: var(--s2) 0 0;
    font-size: .875rem;
  }
  dt { color: var(--muted); }
  dd { margin: 0; overflow-wrap: anywhere; }
  @media (max-width: 30rem) {
    .line { grid-template-columns: auto minmax(0, 1fr) auto; }
    .line .where { grid-column: 1 / 3; }
    .line .v2v { grid-area: 1 / 3; }
    .line .v2v svg { display: none; }
    .line .chip { grid-row: 2; }
    .line .why { grid-area: 2 / 2 / auto / 4; }
  }
`;

/** What the page calls it, else as the server does. */
export const outcomeInWords = (outcome) => {
  const key = `turns.outcome_${outcome}`;
  return hasText(key) ? t(key) : outcome;
};

/** Why nothing was understood; what failed is told as the server's log has it. */
export function whyInWords({ why, why_words: words, begun_by: begunBy }) {
  if (why === "no-speech" && begunBy === "wake-word") return t("turns.why_no-speech_after");
  return why && hasText(`turns.why_${why}`) ? t(`turns.why_${why}`) : words;
}

export function outcomeChip(outcome) {
  const kind = GOOD.has(outcome) ? "on" : QUIET.has(outcome) ? "" : "bad";
  return html`<span class="chip ${kind}">${outcomeInWords(outcome)}</span>`;
}

/**
 * @param {object} turn a TurnSummary
 * @param {{isOpen: boolean, longestMs: number}} how `longestMs`: the V2V that fills the bar
 */
export function turnLine(turn, { isOpen, longestMs }) {
  const why = whyInWords(turn);
  return html`
    <a class="line" href="#/turns/${isOpen ? "" : turn.number}" aria-expanded=${isOpen ? "true" : "false"}>
      <span class="where"><span class="place">${turn.area ?? turn.satellite_name}</span>
        <time class="muted small number">${moment(turn.began_at)}</time></span>
      ${outcomeChip(turn.outcome)}
      <span class="v2v">
        ${turn.v2v_ms === null ? nothing : html`
          <span class="number"><span class="hidden-text">${t("turns.stage_v2v")}</span>
            ${milliseconds(turn.v2v_ms)}</span>
          ${v2vBar(turn, longestMs)}`}
      </span>
      ${why ? html`<span class="why small muted">${why}</span>` : nothing}
    </a>`;
}

function v2vBar({ v2v_ms: wholeMs, silence_ms: silenceMs }, longestMs) {
  const share = (ms) => (Math.max(0, ms) / longestMs) * 100;
  const silence = share(Math.min(silenceMs ?? 0, wholeMs));
  return html`
    <svg aria-hidden="true">${svg`
      <rect class="silence" x="${100 - share(wholeMs)}%" width="${silence}%" height="4"></rect>
      <rect x="${100 - share(wholeMs) + silence}%" width="${share(wholeMs) - silence}%" height="4"></rect>`}
    </svg>`;
}

/**
 * A turn that is over.
 * @param {object} turn a Turn
 * @param {import("./running.js").RunningTurn} [seen] the same turn, where it was followed live: that has words
 */
export function wholeTurn(turn, seen) {
  const words = turn.words ?? seen ?? { transcript: "", rejected: "", reply: "" };
  const chart = { stages: turn.stages, v2vMs: turn.v2v_ms, speculations: seen?.drawn ?? [] };
  return html`
    <div class="whole">
      ${spoken(words)}
      ${turn.why ? html`<p class="note">${whyInWords(turn)}. ${t(`turns.do_${turn.why}`)}</p>` : nothing}
      <waterfall-chart .turn=${chart}></waterfall-chart>
      <p class="small muted">${t("turns.speculated", turn.revisions)}</p>
      <details>
        <summary>${t("turns.details")}</summary>
        <dl>${details(turn).map(([name, value]) => html`<dt>${t(`turns.${name}`)}</dt><dd>${value}</dd>`)}</dl>
      </details>
    </div>`;
}

/** What was said, as far as it is known by now. */
export function spoken({ transcript, partial = "", rejected, reply }) {
  const heard = transcript || partial;
  return html`
    ${heard ? html`<p class="said ${transcript ? "" : "partial"}">${heard}</p>` : nothing}
    ${!heard && rejected ? html`<p class="muted">${t("turns.rejected", { text: rejected })}</p>` : nothing}
    ${reply ? html`<p class="answer">${reply}</p>` : nothing}`;
}

function details(turn) {
  const dbfs = (level) => (level === null ? "–" : `${Math.round(level)} dBFS`);
  const { partials, transcript, rejected, reply } = turn.lengths;
  return [
    ["number", turn.number],
    ["satellite", turn.satellite_name],
    ["begun_by", t(`turns.begun_${turn.begun_by}`)],
    ["silence", milliseconds(turn.silence_ms)],
    ["level", t("turns.levels", { speech: dbfs(turn.speech_dbfs), noise: dbfs(turn.noise_dbfs) })],
    ...(turn.doubt === null ? [] : [["doubt", turn.doubt.toFixed(2)]]),
    ["lengths", t("turns.length_of", { partials, transcript, rejected, reply })],
    ["engines", Object.entries(turn.engines).map(([kind, name]) => `${kind} ${name}`).join(", ")],
    ["clock", clock(turn)],
  ];
}

function clock({ clock_error_ms: errorMs, round_trip_ms: roundTripMs }) {
  return errorMs === null
    ? t("turns.clock_unknown")
    : t("turns.clock_known", { error: milliseconds(errorMs), trip: milliseconds(roundTripMs) });
}
