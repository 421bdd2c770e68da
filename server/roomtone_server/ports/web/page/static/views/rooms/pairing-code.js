/** A code that lets one satellite in: shown large, with what to type, until it is used or void. */

import { css, html } from "../../vendor/lit.js";
import { api } from "../../lib/api.js";
import { attempt, icon, trouble, waiting, withCode } from "../../lib/elements.js";
import { t } from "../../lib/i18n.js";
import { View } from "../../lib/view.js";

export class PairingCode extends View {
  static styles = [View.styles, styles()];
  static properties = {
    known: { attribute: false }, // the satellites that there are
    _code: { state: true },
    _left: { state: true }, // seconds
    _trouble: { state: true },
  };

  constructor() {
    super();
    this.known = [];
    this._code = this._trouble = null;
    this._left = this._until = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this._timer = setInterval(() => (this._left = Math.max(0, Math.ceil((this._until - Date.now()) / 1000))), 1000);
    this._ask();
  }

  disconnectedCallback() {
    clearInterval(this._timer);
    super.disconnectedCallback();
  }

  async _ask() {
    this._before = new Set(this.known.map((each) => each.id));
    try {
      const { code, expires_s: seconds } = await api("pairing", { method: "POST" });
      this._until = Date.now() + seconds * 1000;
      Object.assign(this, { _code: code, _left: seconds, _trouble: null });
    } catch (error) {
      this._trouble = error;
    }
  }

  render() {
    const arrived = this._before && this.known.find((each) => !this._before.has(each.id));
    return html`
      <div class="stack">
        ${trouble(this._trouble, () => this._ask())}
        <div role="status">
          ${arrived ? this._arrived(arrived) : html`<p>${withCode(t("rooms.pair_how"))}</p>`}
        </div>
        ${arrived ? "" : this._code ? this._shown() : this._trouble ? "" : waiting()}
        <div class="row"><button class=${arrived ? "main" : ""} @click=${this._done}>${t("rooms.close")}</button></div>
      </div>`;
  }

  _arrived({ name }) {
    return html`<p class="note row">${icon("check")}<span class="grow">${t("rooms.paired", { name })}</span></p>`;
  }

  _shown() {
    const groups = this._code.split("-");
    const time = `${Math.floor(this._left / 60)}:${String(this._left % 60).padStart(2, "0")}`;
    return html`
      <p class="code mono" aria-label=${this._code}>${groups.map((group) => html`<span>${group}</span>`)}</p>
      <p class="command mono small">roomtone satellite pair ${this._code}</p>
      <div class="row spread">
        <span class="muted small">
          ${this._left ? html`${t("rooms.good_for")} <span class="number">${time}</span>` : t("rooms.void")}</span>
        ${this._left ? html`<button class="plain" @click=${this._copy}>${t("rooms.copy")}</button>`
          : html`<button @click=${this._ask}>${t("rooms.another")}</button>`}
      </div>
      <p class="muted small">${t("rooms.pair_why")}</p>`;
  }

  _copy() {
    attempt(() => navigator.clipboard.writeText(`roomtone satellite pair ${this._code}`), t("rooms.copied"));
  }

  _done() {
    this.dispatchEvent(new Event("done"));
  }
}

function styles() {
  return css`
    .code {
      display: grid; grid-template-columns: repeat(4, 1fr); gap: var(--s2) var(--s3); padding: var(--s4);
      text-align: center; font-size: 1.35rem; font-weight: 600; letter-spacing: .06em; background: var(--sunk);
      border-radius: var(--radius-small);
    }
    .command { overflow-wrap: anywhere; color: var(--muted); }
    @media (max-width: 30rem) { .code { grid-template-columns: repeat(2, 1fr); } }
  `;
}

customElements.define("pairing-code", PairingCode);
