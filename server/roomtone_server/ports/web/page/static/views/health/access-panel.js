/** Who may come in: devices and their invitations, tokens for programs, the owner's password. */

import { css, html, nothing } from "../../vendor/lit.js";
import { api } from "../../lib/api.js";
import { attempt, icon, toast, trouble, waiting, withCode } from "../../lib/elements.js";
import { ago, moment } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { httpsPort, isInHomeAssistant } from "../../lib/session.js";
import { View } from "../../lib/view.js";
import { picture } from "./qr-picture.js";

const SCOPES = ["read", "speak", "control", "admin", "metrics"];

export class AccessPanel extends View {
  static styles = [View.styles, styles()];
  static properties = {
    _devices: { state: true }, // null: not fetched yet
    _tokens: { state: true },
    _invitation: { state: true }, // shown once
    _newToken: { state: true }, // shown once
    _trouble: { state: true },
    _differ: { state: true }, // the two new passwords
  };

  constructor() {
    super();
    this._devices = this._invitation = this._newToken = this._trouble = null;
    this._tokens = [];
    this._differ = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this._load();
  }

  async _load() {
    try {
      const [{ sessions }, { tokens }] = await Promise.all([api("sessions"), api("tokens")]);
      Object.assign(this, { _devices: sessions, _tokens: tokens, _trouble: null });
    } catch (error) {
      this._trouble = error;
    }
  }

  async _remove(path) {
    await attempt(() => api(path, { method: "DELETE" }), t("health.removed"));
    await this._load();
  }

  async _invite() {
    await attempt(async () => {
      const { link, urls, expires_s: expiresS } = await api("invitations", { method: "POST" });
      this._invitation = { url: urlForOthers(link, urls), until: Date.now() / 1000 + expiresS };
    });
  }

  /** Whoever was invited has come in by now. */
  _forgetInvitation() {
    this._invitation = null;
    this._load();
  }

  async _addToken(event) {
    event.preventDefault();
    const form = event.target;
    const given = new FormData(form);
    const body = { name: given.get("name"), scopes: given.getAll("scopes") };
    if (body.scopes.length === 0) return toast(t("health.scope_needed"));
    const isAdded = await attempt(async () => {
      this._newToken = await api("tokens", { method: "POST", body });
    });
    if (isAdded) form.reset();
    await this._load();
  }

  async _changePassword(event) {
    event.preventDefault();
    const form = event.target;
    const { password, fresh, again } = Object.fromEntries(new FormData(form));
    this._differ = fresh !== again;
    if (this._differ) return;
    const change = () => api("password", { method: "PUT", body: { password, new: fresh } });
    if (await attempt(change, t("health.password_changed"))) form.reset();
  }

  render() {
    if (!this._devices) return this._trouble ? trouble(this._trouble, () => this._load()) : waiting();
    return html`
      <div class="stack">
        ${trouble(this._trouble, () => this._load())}
        ${this._ofDevices()} ${this._ofTokens()} ${this._ofPassword()}
      </div>`;
  }

  _ofDevices() {
    return html`
      <section class="card stack tight">
        <div class="row spread"><h2>${t("health.devices")}</h2>
          <button @click=${this._invite}>${icon("add")}${t("health.invite")}</button></div>
        <p class="muted small">${t("health.devices_why")}</p>
        ${this._invitation ? shownOnce(
          t("health.invited", { time: moment(this._invitation.until) }),
          this._invitation.url,
          () => this._forgetInvitation(),
          LOOPBACK.test(new URL(this._invitation.url).hostname)
            ? html`<p>${withCode(t("health.only_here"))}</p>`
            : picture(this._invitation.url),
        ) : nothing}
        <table>
          ${headings("device", "seen", "remove")}
          <tbody>
            ${this._devices.map((each) => html`
              <tr>
                <th scope="row">${deviceName(each.name)}
                  ${each.is_yours ? html`<span class="chip on">${t("health.this_one")}</span>` : nothing}
                  <span class="muted small">${t(`health.who_${each.kind}`)} · ${each.address}</span></th>
                <td class="small">${ago(each.seen_at)}</td>
                <td>${each.is_yours
                  ? nothing
                  : remover(deviceName(each.name), () => this._remove(`sessions/${each.id}`))}</td>
              </tr>`)}
          </tbody>
        </table>
      </section>`;
  }

  _ofTokens() {
    return html`
      <section class="card stack tight">
        <h2>${t("health.tokens")}</h2>
        <p class="muted small">${t("health.tokens_why")}</p>
        ${this._newToken ? shownOnce(
          t("health.token_once", { name: this._newToken.name }), this._newToken.token, () => (this._newToken = null),
        ) : nothing}
        ${this._tokens.length ? html`
          <table>
            ${headings("token", "used", "remove")}
            <tbody>
              ${this._tokens.map((each) => html`
                <tr>
                  <th scope="row">${each.name}
                    <span class="muted small">${each.scopes.map(scopeInWords).join(", ")}</span></th>
                  <td class="small">${each.used_at ? ago(each.used_at) : t("health.never")}</td>
                  <td>${remover(each.name, () => this._remove(`tokens/${each.id}`))}</td>
                </tr>`)}
            </tbody>
          </table>` : nothing}
        <details>
          <summary>${t("health.add_token")}</summary>
          <form class="stack tight" @submit=${this._addToken}>
            <label class="field"><span>${t("health.token_name")}</span>
              <input name="name" required maxlength="63" autocomplete="off"></label>
            <fieldset><legend>${t("health.scopes")}</legend>
              ${SCOPES.map((scope) => html`
                <label class="choice"><input type="checkbox" name="scopes" value=${scope} ?checked=${scope === "read"}>
                  <span>${scopeInWords(scope)}
                    <span class="muted small">${t(`health.may_${scope}`)}</span></span></label>`)}
            </fieldset>
            <p><button class="main">${t("health.make_token")}</button></p>
          </form>
        </details>
      </section>`;
  }

  _ofPassword() {
    const field = (name, text, kind) => html`
      <label class="field"><span>${text}</span>
        <input name=${name} type="password" required maxlength="256" autocomplete=${kind}></label>`;
    return html`
      <section class="card">
        <details>
          <summary><h2>${t("health.password")}</h2></summary>
          <form class="stack tight" @submit=${this._changePassword}>
            ${field("password", t("health.password_now"), "current-password")}
            ${field("fresh", t("health.password_new"), "new-password")}
            ${field("again", t("health.password_again"), "new-password")}
            ${this._differ ? html`<p class="bad" role="alert">${t("health.password_differ")}</p>` : nothing}
            <p><button class="main">${t("health.password_change")}</button></p>
          </form>
        </details>
      </section>`;
  }
}

const scopeInWords = (scope) => t(`health.scope_${scope}`);

// Each before those whose names it has in its own.
const BROWSERS = ["Edg", "Firefox", "Chrome", "Safari"];
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];

/** A browser that was not given a name says what it is at great length. */
function deviceName(name) {
  if (!name.startsWith("Mozilla/")) return name;
  const [browser, system] = [BROWSERS, SYSTEMS].map((known) => known.find((each) => name.includes(each)));
  return [browser?.replace("Edg", "Edge"), system].filter(Boolean).join(", ") || name;
}

const LOOPBACK = /^(localhost$|127\.|\[::1\])/;

/** Where another device comes in: "localhost" is itself there, inside of Home Assistant one has to be in already. */
function urlForOthers(link, urls) {
  const isOnlyHere = LOOPBACK.test(location.hostname);
  const here = isInHomeAssistant() ? `https://${location.hostname}:${httpsPort()}/` : document.baseURI.split("#")[0];
  return ((isOnlyHere || isInHomeAssistant()) && urls[0]) || `${here}#/enter/${link}`;
}

/** A secret that nobody sees again: to be copied now, or read by a camera. */
function shownOnce(text, secret, forget, forCameras = nothing) {
  return html`
    <div class="note stack tight" role="status">
      <p>${text}</p>
      <div class="row">
        <input class="grow mono" readonly .value=${secret} aria-label=${text}
          @focus=${(event) => event.target.select()}>
        <button @click=${(event) => copy(event.currentTarget.previousElementSibling)}>${t("health.copy")}</button>
        <button class="plain" @click=${forget}>${t("health.done")}</button>
      </div>
      ${forCameras}
    </div>`;
}

/** The clipboard's own interface is there over HTTPS alone. */
async function copy(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    document.execCommand("copy");
  }
  toast(t("health.copied"));
}

const remover = (name, remove) => html`
  <button class="plain danger round" aria-label=${t("health.remove_it", { name })} @click=${remove}>
    ${icon("remove")}
  </button>`;

/** Of a table whose columns are plain to see. */
const headings = (...names) => html`
  <thead class="hidden-text">
    <tr>${names.map((name) => html`<th scope="col">${t(`health.${name}`)}</th>`)}</tr>
  </thead>`;

function styles() {
  return css`
    tbody th { color: var(--ink); font-size: 1rem; }
    th .small { display: block; font-weight: 400; }
    td:last-child { width: 44px; padding: 0; text-align: end; }
    form { max-width: 30rem; }
    .qr { width: min(100%, 15rem); background: #fff; fill: #000; border-radius: var(--radius-small); }
  `;
}

customElements.define("access-panel", AccessPanel);
