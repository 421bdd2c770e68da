import { css, html, nothing } from "../vendor/lit.js";
import { api } from "../lib/api.js";
import { empty, trouble, waiting } from "../lib/elements.js";
import { follow } from "../lib/events.js";
import { milliseconds } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { figureStyles, figuresTable } from "./turns/figures-table.js";
import { begun, drawn, grown } from "./turns/running.js";
import { outcomeChip, outcomeInWords, partStyles, spoken, turnLine, wholeTurn } from "./turns/turn-parts.js";

const PAGE = 20; // turns that are fetched at once
const HOURS = 24; // that the figures are of
const DRAWN_EVERY_MS = 100; // how often a turn that goes on is drawn anew
const MAX_RUNNING = 6; // the oldest of more has lost its end
const MAX_SEEN = 30; // turns of which the words and speculations are kept, as long as the page is open
const OUTCOMES = [
  "answered", "not-understood", "nothing-said", "interrupted", "cancelled", "failed", "lost", "elsewhere",
];
const NO_BEGINNING = new Set(["sounded", "played", "ended"]); // of a turn whose beginning was missed

export default class Turns extends View {
  static properties = {
    _turns: { state: true }, // null: not fetched yet
    _more: { state: true },
    _stats: { state: true },
    _satellites: { state: true },
    _area: { state: true },
    _outcome: { state: true },
    _running: { state: true },
    _whole: { state: true }, // by number: a Turn, or the error in its place
    _latest: { state: true }, // the number of the turn that has just ended
    _trouble: { state: true },
  };
  static styles = [View.styles, partStyles, figureStyles, styles()];

  constructor() {
    super();
    this._turns = this._stats = this._trouble = null;
    this._more = false;
    this._satellites = [];
    this._area = this._outcome = "";
    this._running = [];
    this._whole = new Map();
    this._seen = new Map(); // by number: the turn as it was followed
    this._latest = 0;
    this._aheadMs = Infinity; // this machine's clock, of the events'
  }

  connectedCallback() {
    super.connectedCallback();
    this._unfollow = follow(["turns"], {
      opened: () => this._load(),
      lost: () => this._turns ?? this._load(),
      turn: (event) => this._grow(event),
      "turn-ended": (summary) => this._settle(summary),
    });
    this._timer = setInterval(() => this._running.length && this.requestUpdate(), DRAWN_EVERY_MS);
  }

  disconnectedCallback() {
    this._unfollow();
    clearInterval(this._timer);
    super.disconnectedCallback();
  }

  willUpdate(changes) {
    if (changes.has("path") && this.path[0]) this._fetchWhole(Number(this.path[0]));
  }

  async _load() {
    this._running = [];
    try {
      const [turns, stats, { satellites }] = await Promise.all([
        api("turns", { query: this._which() }),
        this._askStats(),
        api("satellites"),
      ]);
      Object.assign(this, { _turns: turns.turns, _more: turns.more, _stats: stats, _satellites: satellites });
      this._trouble = null;
    } catch (error) {
      this._trouble = error;
    }
  }

  async _loadOlder() {
    try {
      const { turns, more } = await api("turns", { query: { ...this._which(), before: this._turns.at(-1).number } });
      this._turns = [...this._turns, ...turns];
      this._more = more;
    } catch (error) {
      this._trouble = error;
    }
  }

  _askStats() {
    return api("turns/stats", { query: { hours: HOURS, area: this._area || null } });
  }

  _which() {
    return { area: this._area || null, outcome: this._outcome || null, limit: PAGE };
  }

  async _fetchWhole(number) {
    if (!Number.isInteger(number) || this._whole.get(number)?.stages) return;
    const whole = await api(`turns/${number}`).catch((error) => error);
    this._whole = new Map([...this._whole, [number, whole]].slice(-MAX_SEEN));
  }

  _grow(event) {
    this._aheadMs = Math.min(this._aheadMs, performance.now() - event.at_ms);
    const index = this._running.findIndex((each) => each.satellite === event.satellite && each.turn === event.turn);
    if (index >= 0) {
      this._running = this._running.map((each, at) => (at === index ? grown(each, event) : each));
    } else if (!NO_BEGINNING.has(event.what)) {
      this._running = [grown(begun(event), event), ...this._running].slice(0, MAX_RUNNING);
    }
  }

  /** A turn has ended, and its record takes the place of what was drawn of it. */
  async _settle(summary) {
    const { number, satellite, turn } = summary;
    const isIt = (each) => each.satellite === satellite && each.turn === turn;
    const seen = this._running.find(isIt);
    if (seen) {
      this._seen.set(number, { ...seen, drawn: drawn(seen, 0).speculations });
      if (this._seen.size > MAX_SEEN) this._seen.delete(this._seen.keys().next().value);
    }
    const [stats] = await Promise.all([this._askStats().catch(() => this._stats), this._fetchWhole(number)]);
    this._stats = stats;
    this._running = this._running.filter((each) => !isIt(each));
    this._latest = number;
    const whole = this._whole.get(number);
    if (!whole?.stages || !this._fits(whole)) return;
    const others = (this._turns ?? []).filter((each) => each.number !== number);
    this._turns = [whole, ...others].slice(0, Math.max(PAGE, others.length));
    this._more ||= this._turns.length <= others.length;
  }

  _fits({ area, outcome }) {
    return (!this._area || area === this._area) && (!this._outcome || outcome === this._outcome);
  }

  _choose(what, value) {
    this[what] = value;
    this._load();
  }

  render() {
    return html`
      <header class="row spread">
        <h1>${t("turns.title")}</h1>
        <div class="row filters">${this._rooms()}${this._outcomes()}</div>
      </header>
      ${trouble(this._trouble, () => this._load())}
      <p class="hidden-text" role="status">${this._said()}</p>
      <div class="columns">
        <div class="stack">
          ${this._running
            .filter((each) => !this._area || this._areaOf(each) === this._area)
            .map((each) => this._live(each))}
          ${this._turns ? this._list() : this._trouble ? nothing : waiting()}
        </div>
        ${this._stats?.turns ? this._figures() : nothing}
      </div>`;
  }

  /** Of the turn that has just ended, for who does not see it. */
  _said() {
    const latest = this._turns?.find((each) => each.number === this._latest);
    return latest ? `${latest.area ?? latest.satellite_name}: ${outcomeInWords(latest.outcome)}` : nothing;
  }

  _rooms() {
    const areas = [...new Set(this._satellites.map((each) => each.area).filter(Boolean))].sort();
    return html`
      <label><span class="hidden-text">${t("turns.room")}</span>
        <select @change=${(event) => this._choose("_area", event.target.value)}>
          <option value="">${t("turns.all_rooms")}</option>
          ${areas.map((area) => html`<option ?selected=${area === this._area}>${area}</option>`)}
        </select></label>`;
  }

  _outcomes() {
    return html`
      <label><span class="hidden-text">${t("turns.outcome")}</span>
        <select @change=${(event) => this._choose("_outcome", event.target.value)}>
          <option value="">${t("turns.all_outcomes")}</option>
          ${OUTCOMES.map((each) => html`
            <option value=${each} ?selected=${each === this._outcome}>${outcomeInWords(each)}</option>`)}
        </select></label>`;
  }

  _live(turn) {
    const chart = drawn(turn, performance.now() - this._aheadMs);
    return html`
      <article class="card live" aria-label=${t("turns.now_in", { place: this._placeOf(turn) })}>
        <div class="row spread">
          <h2><span class="pulse" aria-hidden="true"></span>${this._placeOf(turn)}</h2>
          ${turn.outcome ? outcomeChip(turn.outcome) : html`<span class="chip on">${t("turns.now")}</span>`}
        </div>
        ${spoken(turn)}
        <waterfall-chart .turn=${chart}></waterfall-chart>
      </article>`;
  }

  _list() {
    const named = Number(this.path[0]) || 0;
    const chosen = this.path.length ? named : this._latest; // "#/turns/": whoever looks has closed the latest one
    const isListed = this._turns.some((each) => each.number === named);
    const longestMs = Math.max(1, ...this._turns.map((each) => each.v2v_ms ?? 0));
    return html`
      ${named && !isListed ? this._single(named) : nothing}
      ${this._turns.length ? html`
        <ol class="card turns">
          ${this._turns.map((each) => html`
            <li>${turnLine(each, { isOpen: each.number === chosen, longestMs })}
              ${each.number === chosen ? this._opened(chosen) : nothing}</li>`)}
        </ol>` : named || this._running.length ? nothing : this._none()}
      ${this._more ? html`<button @click=${this._loadOlder}>${t("turns.older")}</button>` : nothing}`;
  }

  _none() {
    const isAny = !this._area && !this._outcome;
    return empty("turns", t(isAny ? "turns.none" : "turns.none_fits"), isAny ? t("turns.none_why") : nothing);
  }

  /** One that an address names, and that is not among those in the list. */
  _single(number) {
    const whole = this._whole.get(number);
    return html`
      <section class="card turns">
        ${whole?.stages ? turnLine(whole, { isOpen: true, longestMs: whole.v2v_ms ?? 1 }) : nothing}
        ${this._opened(number)}
      </section>`;
  }

  _opened(number) {
    const whole = this._whole.get(number);
    if (whole?.stages) return wholeTurn(whole, this._seen.get(number));
    return html`<div class="whole">${whole ? trouble(whole) : waiting()}</div>`;
  }

  _figures() {
    const { v2v_ms: v2v, turns: count } = this._stats;
    return html`
      <details class="card figures" ?open=${matchMedia("(min-width: 72rem)").matches}>
        <summary><h2>${t("turns.day", { count })}</h2>
          ${v2v ? html`<span class="muted">${t("turns.usually", { v2v: milliseconds(v2v.p50) })}</span>` : nothing}
        </summary>
        ${figuresTable(this._stats)}
      </details>`;
  }

  _areaOf({ satellite }) {
    return this._satellites.find((each) => each.id === satellite)?.area ?? null;
  }

  _placeOf(turn) {
    return this._areaOf(turn) ?? this._satellites.find((each) => each.id === turn.satellite)?.name ?? turn.satellite;
  }
}

function styles() {
  return css`
    .filters label { flex: 1; }
    .filters select { min-width: 10rem; }
    .columns { display: grid; gap: var(--s4); align-items: start; grid-template-columns: minmax(0, 1fr); }
    .turns { list-style: none; margin: 0; padding: 0; overflow: hidden; }
    .turns li + li { border-top: 1px solid var(--line); }
    .live { display: flex; flex-direction: column; gap: var(--s3); border-color: var(--accent); }
    .live h2 { display: flex; align-items: center; gap: var(--s2); }
    .pulse {
      width: 10px; height: 10px; border-radius: 50%; background: var(--accent);
      animation: pulse 1.6s ease-in-out infinite;
    }
    @keyframes pulse { 50% { opacity: .25; } }
    .figures summary span { display: block; font-size: .875rem; font-weight: 400; }
    @media (min-width: 72rem) { .columns:has(.figures) { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); } }
  `;
}

customElements.define("view-turns", Turns);
