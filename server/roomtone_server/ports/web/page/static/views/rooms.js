import { css, html, nothing } from "../vendor/lit.js";
import { api } from "../lib/api.js";
import { attempt, empty, icon, toast, trouble, waiting } from "../lib/elements.js";
import { follow } from "../lib/events.js";
import { loadTexts, t } from "../lib/i18n.js";
import { may } from "../lib/session.js";
import { View } from "../lib/view.js";
import "./rooms/pairing-code.js";
import "./rooms/satellite-card.js";

const ALL = "all"; // instead of a satellite's id: everywhere

export default class Rooms extends View {
  static properties = {
    _satellites: { state: true }, // null: not fetched yet
    _levels: { state: true }, // in dBFS, by satellite
    _dialog: { state: true }, // what is asked: {kind: "pair" | "announce" | "intercom" | "revoke", satellite?}
    _trouble: { state: true },
  };
  static styles = [View.styles, styles()];

  constructor() {
    super();
    this._satellites = this._dialog = this._trouble = null;
    this._levels = {};
    this._asked = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    loadTexts("turns").then(() => this.requestUpdate(), () => {}); // how turns end is said there
    this._unfollow = follow(["satellites", "levels", "turns"], {
      opened: () => this._load(),
      lost: () => this._satellites ?? this._load(),
      satellites: () => this._load(),
      levels: ({ levels }) => (this._levels = levels),
      "turn-ended": (summary) => this._note(summary),
    });
  }

  disconnectedCallback() {
    this._unfollow();
    super.disconnectedCallback();
  }

  updated(changes) {
    if (changes.has("_dialog") && this._dialog) this.renderRoot.querySelector("dialog").showModal();
  }

  /** Of several answers on their way, the one that was asked for last counts. */
  async _load() {
    const asked = ++this._asked;
    try {
      const { satellites } = await api("satellites");
      if (asked !== this._asked) return;
      Object.assign(this, { _satellites: satellites, _trouble: null });
    } catch (error) {
      this._trouble = error;
    }
  }

  _note(summary) {
    const noted = (each) => (each.id === summary.satellite ? { ...each, last_turn: summary } : each);
    this._satellites = this._satellites?.map(noted) ?? null;
  }

  async _ask({ satellite, method = "POST", what = "", body, done = "" }) {
    const path = `satellites/${encodeURIComponent(satellite)}${what && `/${what}`}`;
    const isDone = await attempt(() => api(path, { method, body }), done);
    if (!isDone || method !== "POST") await this._load();
    return isDone;
  }

  render() {
    return html`
      <header class="row spread">
        <h1>${t("rooms.title")}</h1>
        <div class="row">
          ${may("control") && this._satellites?.length ? html`
            <button aria-label=${t("rooms.announce_all")} @click=${() => (this._dialog = { kind: "announce" })}>
              ${icon("announce")}${t("rooms.announce")}</button>` : nothing}
          ${may("admin") ? html`
            <button class="main" @click=${() => (this._dialog = { kind: "pair" })}>
              ${icon("add")}${t("rooms.pair")}</button>` : nothing}
        </div>
      </header>
      ${trouble(this._trouble, () => this._load())}
      ${this._satellites ? this._cards() : this._trouble ? nothing : waiting()}
      ${this._asking()}`;
  }

  _cards() {
    if (!this._satellites.length) return empty("rooms", t("rooms.nothing"), t("rooms.nothing_why"));
    return html`
      <ul class="cards">
        ${here(this._satellites).map((each) => html`
          <li><satellite-card class="card" .satellite=${each} .level=${this._levels[each.id] ?? null}
            .alone=${!this._satellites.some((other) => other !== each && canListen(other))}
            .partner=${this._satellites.find((other) => other.id === each.intercom_with)?.name ?? ""}
            @ask=${(event) => this._ask({ satellite: each.id, ...event.detail })}
            @dialog=${(event) => (this._dialog = { kind: event.detail, satellite: each })}></satellite-card></li>`)}
      </ul>`;
  }

  _asking() {
    if (!this._dialog) return nothing;
    const { kind } = this._dialog;
    const inside = {
      pair: this._pairing, announce: this._announcing, intercom: this._connecting, revoke: this._revoking,
    };
    return html`
      <dialog aria-labelledby="asked" @close=${() => (this._dialog = null)}>${inside[kind].call(this)}</dialog>`;
  }

  _form(title, inside, submit, label, style = "main") {
    return html`
      <form class="stack" @submit=${(event) => this._submit(event, submit)}>
        <h2 id="asked">${title}</h2>
        ${inside}
        <div class="row">
          <button class=${style}>${label}</button>
          <button type="button" class="plain" @click=${this._close}>${t("rooms.cancel")}</button>
        </div>
      </form>`;
  }

  async _submit(event, submit) {
    event.preventDefault();
    if (await submit(new FormData(event.target))) this._close();
  }

  _close() {
    this.renderRoot.querySelector("dialog")?.close();
  }

  _pairing() {
    return html`
      <div class="stack">
        <h2 id="asked">${t("rooms.pair")}</h2>
        <pairing-code .known=${this._satellites ?? []} @done=${this._close}></pairing-code>
      </div>`;
  }

  _announcing() {
    const { satellite } = this._dialog;
    const title = satellite ? t("rooms.announce_in", { name: satellite.name }) : t("rooms.announce_all");
    return this._form(title, html`
      <label class="field"><span>${t("rooms.announce_what")}</span>
        <textarea name="text" rows="3" maxlength="1000" required autofocus></textarea></label>
      <label class="choice"><input type="checkbox" name="answer">${t("rooms.expects_answer")}</label>`,
    (given) => this._announce(satellite?.id ?? ALL, given), t("rooms.say_it"));
  }

  async _announce(satellite, given) {
    const body = { text: given.get("text"), expects_answer: given.has("answer") };
    return attempt(async () => {
      const path = `satellites/${encodeURIComponent(satellite)}/announce`;
      const { satellites } = await api(path, { method: "POST", body });
      toast(satellites.length ? t("rooms.said", { count: satellites.length }) : t("rooms.said_later"));
    });
  }

  _connecting() {
    const { satellite } = this._dialog;
    const others = this._satellites.filter((each) => each.id !== satellite.id && canListen(each));
    return this._form(t("rooms.intercom_from", { name: satellite.name }), html`
      <label class="field"><span>${t("rooms.intercom_with")}</span>
        <select name="other" autofocus>
          ${others.map((each) => html`<option value=${each.id}>${each.name}</option>`)}
        </select></label>
      <p class="muted small">${t("rooms.intercom_why")}</p>`, (given) => this._ask(
      { satellite: satellite.id, what: "intercom", body: { satellite: given.get("other") } },
    ), t("rooms.connect"));
  }

  _revoking() {
    const { satellite } = this._dialog;
    const asked = { satellite: satellite.id, method: "DELETE", done: t("rooms.revoked", { name: satellite.name }) };
    return this._form(
      t("rooms.revoke_it", { name: satellite.name }), html`<p class="muted">${t("rooms.revoke_why")}</p>`,
      () => this._ask(asked), t("rooms.revoke"), "danger",
    );
  }
}

const canListen = (satellite) => satellite.can.listen && !satellite.muted;

/** Those that are connected first. */
const here = (satellites) => [...satellites].sort((one, other) => other.connected - one.connected);

function styles() {
  return css`
    header { margin-bottom: var(--s5); }
    ul { list-style: none; margin: 0; padding: 0; align-items: start; }
    .cards { grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
    dialog form h2 { overflow-wrap: anywhere; }
    textarea { resize: vertical; }
  `;
}

customElements.define("view-rooms", Rooms);
