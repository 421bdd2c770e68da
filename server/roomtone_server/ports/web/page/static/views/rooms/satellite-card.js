/** One satellite: how it is, and what can be done with it. It asks by events: `ask`, a request's parts; `dialog`. */

import { css, html, nothing } from "../../vendor/lit.js";
import { api } from "../../lib/api.js";
import { icon } from "../../lib/elements.js";
import { ago, moment, percent } from "../../lib/format.js";
import { hasText, t } from "../../lib/i18n.js";
import { may } from "../../lib/session.js";
import { View } from "../../lib/view.js";

const QUIET_DBFS = -75; // a quiet room at night; the meter's left end
const RETOLD_EACH_MS = 30_000; // how long ago things were
const LOUD_DBFS = -10; // somebody speaks into the microphone; its right end

export class SatelliteCard extends View {
  static styles = [View.styles, styles()];
  static properties = {
    satellite: { attribute: false },
    level: { attribute: false }, // in dBFS; null: not told
    alone: { attribute: false }, // there is no other room to talk to
    partner: { attribute: false }, // the name of the room with which it is connected
    _areas: { state: true },
  };

  constructor() {
    super();
    this._areas = [];
  }

  connectedCallback() {
    super.connectedCallback();
    this._timer = setInterval(() => this.requestUpdate(), RETOLD_EACH_MS);
  }

  disconnectedCallback() {
    clearInterval(this._timer);
    super.disconnectedCallback();
  }

  _ask(detail) {
    this.dispatchEvent(new CustomEvent("ask", { detail }));
  }

  _open(kind) {
    this.dispatchEvent(new CustomEvent("dialog", { detail: kind }));
  }

  render() {
    const { name, connected, kind, muted } = this.satellite;
    return html`
      <article class="stack ${connected ? "" : "away"}" aria-label=${name}>
        <div class="row spread top">
          <h2 class="grow">${name}</h2>
          ${muted ? html`<span class="chip bad">${icon("muted")}${t("rooms.muted")}</span>` : nothing}
          ${connected ? html`<span class="chip on"><i></i>${t(`rooms.kind_${kind}`)}</span>`
            : html`<span class="chip">${t("rooms.away")}</span>`}
        </div>
        <p class="muted small where">${this._whereAndWhen()}</p>
        ${connected && this.satellite.can.level ? this._meter() : nothing}
        ${connected && may("control") ? html`${this._sound()}${this._actions()}` : nothing}
        ${this._lastTurn()}
        ${this.satellite.wake_words.length ? this._wakeWords() : nothing}
        ${this._place()}
      </article>`;
  }

  _whereAndWhen() {
    const { area, connected, connected_since: since, seen_at: seenAt } = this.satellite;
    const key = connected ? "rooms.since" : seenAt ? "rooms.seen" : "rooms.never";
    const at = since ?? seenAt ?? 0;
    const when = html`<span title=${at ? moment(at) : ""}>${t(key, { time: ago(at) })}</span>`;
    return area ? html`${area} · ${when}` : when;
  }

  _meter() {
    const level = this.satellite.muted ? null : this.level;
    const shown = Math.min(LOUD_DBFS, Math.max(QUIET_DBFS, level ?? QUIET_DBFS));
    const share = (shown - QUIET_DBFS) / (LOUD_DBFS - QUIET_DBFS);
    return html`
      <div class="meter" role="meter" aria-label=${t("rooms.level")}
        aria-valuemin=${QUIET_DBFS} aria-valuemax=${LOUD_DBFS} aria-valuenow=${Math.round(shown)}
        aria-valuetext=${level === null ? t("rooms.no_level") : `${Math.round(level)} dB`}>
        <i .style=${`transform: scaleX(${share.toFixed(3)})`}></i>
      </div>`;
  }

  _sound() {
    const { can, muted, muted_there: there, volume } = this.satellite;
    if (!can.mute && !can.volume) return html`<p class="muted small">${t("rooms.cannot")}</p>`;
    return html`
      <div class="row sound">
        <button class="round" aria-pressed=${muted ? "true" : "false"} aria-label=${t("rooms.mute")}
          title=${t("rooms.mute")} ?disabled=${there || !can.mute}
          @click=${() => this._ask({ what: "mute", body: { muted: !muted } })}>
          ${icon(muted ? "muted" : "talk")}</button>
        <label class="row grow volume">${icon("speaker")}<span class="hidden-text">${t("rooms.volume")}</span>
          <input class="grow" type="range" min="0" max="100" step="5" .value=${Math.round((volume ?? 1) * 100)}
            ?disabled=${!can.volume} aria-valuetext=${percent(volume ?? 1)}
            @change=${(event) => this._ask({ what: "volume", body: { volume: Number(event.target.value) / 100 } })}>
          <span class="number small muted">${percent(volume ?? 1)}</span></label>
      </div>
      ${there ? html`<p class="muted small">${t("rooms.muted_there")}</p>` : nothing}`;
  }

  _actions() {
    const { can, muted, intercom_with: partner } = this.satellite;
    if (partner) return html`
      <div class="note row spread"><span>${t("rooms.talks_with", { name: this.partner })}</span>
        <button @click=${() => this._ask({ method: "DELETE", what: "intercom" })}>${t("rooms.hang_up")}</button></div>`;
    return html`
      <div class="actions">
        <button ?disabled=${muted} @click=${() => this._open("announce")}>
          ${icon("announce")}${t("rooms.announce")}</button>
        ${can.listen ? html`
          <button ?disabled=${muted} @click=${() => this._ask({ what: "listen" })}>
            ${icon("talk")}${t("rooms.listen")}</button>
          <button ?disabled=${muted || this.alone} @click=${() => this._open("intercom")}>
            ${icon("link")}${t("rooms.intercom")}</button>` : nothing}
      </div>`;
  }

  _lastTurn() {
    const turn = this.satellite.last_turn;
    if (!turn) return html`<p class="muted small">${t("rooms.no_turn")}</p>`;
    const key = `turns.outcome_${turn.outcome}`;
    return html`
      <p class="small"><span class="muted">${t("rooms.last_turn")}</span>
        <a href="#/turns/${turn.number}">${hasText(key) ? t(key) : turn.outcome}</a>
        <span class="muted">· ${ago(turn.began_at)}</span></p>`;
  }

  _wakeWords() {
    const { wake_words: words, can } = this.satellite;
    const isTunable = can.thresholds && may("control");
    return html`
      <details>
        <summary>${t("rooms.wake_words", { count: words.length })}</summary>
        ${isTunable ? html`<p class="muted small">${t("rooms.thresholds_why")}</p>` : nothing}
        <ul>${words.map(({ name, phrase, threshold }) => html`
          <li class="row"><label for=${`word-${name}`} class="grow">${phrase}</label>
            ${isTunable && threshold !== null ? html`
              <input id=${`word-${name}`} type="range" min="0.05" max="0.99" step="0.01" .value=${String(threshold)}
                @change=${(event) => this._tune(name, Number(event.target.value))}>` : nothing}
            <span class="number small muted">${threshold === null ? "" : percent(threshold)}</span></li>`)}
        </ul>
      </details>`;
  }

  _tune(name, threshold) {
    this._ask({ method: "PATCH", body: { thresholds: { [name]: threshold } } });
  }

  /** Renaming, moving, and the end of the trust in it. */
  _place() {
    const { id, name, area, kind, can } = this.satellite;
    if (kind !== "native" || !may("control")) return nothing;
    return html`
      <details @toggle=${this._learnAreas}>
        <summary>${t("rooms.place")}</summary>
        <form class="stack tight" @submit=${this._move}>
          <label class="field"><span>${t("rooms.name")}</span>
            <input name="name" required maxlength="63" autocomplete="off" .value=${name}></label>
          <label class="field"><span>${t("rooms.area")}</span>
            <input name="area" maxlength="63" autocomplete="off" list="areas" placeholder=${t("rooms.no_area")}
              .value=${area ?? ""}></label>
          <datalist id="areas">${this._areas.map((each) => html`<option value=${each}></option>`)}</datalist>
          <div class="row spread"><button>${t("rooms.save")}</button>
            ${can.revoke && may("admin") ? html`
              <button type="button" class="plain danger" @click=${() => this._open("revoke")}>
                ${icon("remove")}${t("rooms.revoke")}</button>` : nothing}
          </div>
        </form>
      </details>`;
  }

  async _learnAreas(event) {
    if (!event.target.open || this._areas.length) return;
    const { areas } = await api("home").catch(() => ({ areas: [] })); // one may type any other
    this._areas = areas.map((each) => each.id);
  }

  _move(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    const body = { name: given.get("name"), area: given.get("area").trim() || null };
    this._ask({ method: "PATCH", body, done: t("rooms.saved") });
  }
}

function styles() {
  return css`
    article { gap: var(--s3); }
    h2 { overflow-wrap: anywhere; }
    .top { align-items: flex-start; flex-wrap: nowrap; }
    .where { margin-top: calc(-1 * var(--s3)); }
    .away h2 { color: var(--muted); }
    .chip svg.icon { width: 14px; height: 14px; }
    .chip i { width: 7px; height: 7px; border-radius: 50%; background: currentColor; }
    .meter { height: 6px; border-radius: 3px; background: var(--sunk); overflow: hidden; }
    .meter i {
      display: block; height: 100%; background: var(--accent); border-radius: 3px; transform-origin: 0;
      transition: transform .25s linear;
    }
    .sound, .volume { flex-wrap: nowrap; }
    .volume { color: var(--muted); }
    .number { min-width: 3.2em; text-align: end; }
    .actions { display: grid; grid-template-columns: repeat(auto-fit, minmax(5.5rem, 1fr)); gap: var(--s2); }
    .actions button { padding: var(--s2) var(--s1); min-width: 0; overflow-wrap: anywhere; }
    details { border-top: 1px solid var(--line); padding-top: var(--s2); }
    summary { display: flex; align-items: center; margin-bottom: calc(-1 * var(--s2)); }
    summary::after {
      content: ""; width: 8px; height: 8px; margin-inline: auto 4px; border: solid currentColor;
      border-width: 0 1.75px 1.75px 0; rotate: 45deg;
    }
    details[open] summary::after { rotate: 225deg; }
    details[open] summary { margin-bottom: var(--s2); }
    ul { list-style: none; margin: 0; padding: 0; }
    li { min-height: 44px; flex-wrap: nowrap; }
    li input { flex: 0 1 9rem; min-width: 0; }
    @media (max-width: 30rem) { .actions button { flex-direction: column; gap: var(--s1); font-size: .875rem; } }
  `;
}

customElements.define("satellite-card", SatelliteCard);
