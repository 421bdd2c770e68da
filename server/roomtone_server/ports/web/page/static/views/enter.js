/** Coming in: by a one-time link (#/enter/SECRET: what stands behind # is never sent), or by the password. */

import { css, html, nothing } from "../vendor/lit.js";
import { Problem, api } from "../lib/api.js";
import { icon, trouble, withCode } from "../lib/elements.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

export default class Enter extends View {
  static properties = {
    session: { attribute: false },
    _shows: { state: true },
    _trouble: { state: true },
    _isBusy: { state: true },
    _link: { state: true },
  };
  static styles = [View.styles, css`
    :host { width: min(24rem, 100%); padding-bottom: var(--s7); }
    .mark { display: block; margin: 0 auto var(--s4); }
    h1, .why { text-align: center; }
    .why { margin-top: var(--s2); color: var(--muted); text-wrap: balance; }
    form, .card.quiet { margin-top: var(--s5); }
    .card { padding: var(--s5); }
    .password { position: relative; }
    .password input { padding-inline-end: 48px; }
    .password button { position: absolute; inset: 0 0 0 auto; border-color: transparent; background: none; }
    button.main { width: 100%; }
    .below { margin-top: var(--s4); text-align: center; }
  `];

  constructor() {
    super();
    this._shows = false;
    this._trouble = null;
    this._isBusy = false;
    this._link = null;
  }

  render() {
    const secret = this.path[0];
    return html`
      <img class="mark" src="icon.svg" alt="" width="64" height="64">
      ${secret ? this._byLink(secret) : this.session.state === "setup" ? this._withoutLink() : this._byPassword()}`;
  }

  _byPassword() {
    return html`
      <h1>${t("enter.login")}</h1>
      <p class="why">${t("enter.login_why", { server: this.session.server })}</p>
      <form class="card stack" @submit=${this._login}>
        ${this._password("current-password", t("enter.password"))}
        ${this._submit(t("enter.login"))}
      </form>
      <p class="below small muted">${withCode(t("enter.forgotten"))}</p>`;
  }

  _withoutLink() {
    return html`
      <h1>${t("enter.no_link")}</h1>
      <p class="why">${withCode(t("enter.no_link_why"))}</p>`;
  }

  /** What the link is for is asked first: the owner's sets a password, an invitation names a device. */
  _byLink(secret) {
    if (this._link?.secret !== secret) this._ask(secret);
    const purpose = this._link?.purpose;
    if (purpose === undefined) {
      return html`<h1>${t("enter.title")}</h1>${trouble(this._trouble, () => this._ask(secret))}`;
    }
    return html`
      <h1>${t(`enter.${purpose}`)}</h1>
      <p class="why">${t(`enter.${purpose}_why`)}</p>
      <form class="card stack" @submit=${this._useLink}>
        ${purpose === "owner" ? this._newPassword() : this._deviceName()}
        ${this._submit(t(purpose === "owner" ? "enter.set" : "enter.come_in"))}
      </form>`;
  }

  _newPassword() {
    const least = this.session.least_characters;
    return html`
      ${this._password("new-password", t("enter.password"), "password-hint")}
      <p class="small muted" id="password-hint">${t("enter.password_hint", { least })}</p>
      <label class="field">
        <span>${t("enter.password_again")}</span>
        <input name="again" type=${this._shows ? "text" : "password"} required autocomplete="new-password">
      </label>`;
  }

  _deviceName() {
    return html`
      <label class="field">
        <span>${t("enter.name")}</span>
        <input name="name" required maxlength="63" placeholder=${t("enter.name_hint")}>
      </label>`;
  }

  _password(purpose, label, hint) {
    const least = purpose === "new-password" ? this.session.least_characters : 1;
    return html`
      <div class="field">
        <label for="password"><span class="name">${label}</span></label>
        <div class="password">
          <input id="password" name="password" type=${this._shows ? "text" : "password"} required minlength=${least}
                 maxlength="256" autocomplete=${purpose} aria-describedby=${hint ?? nothing}>
          <button type="button" class="round" aria-label=${t("enter.show")} aria-pressed=${this._shows}
                  @click=${() => (this._shows = !this._shows)}>${icon("eye")}</button>
        </div>
      </div>`;
  }

  _submit(text) {
    return html`
      ${trouble(this._trouble)}
      <button class="main" ?disabled=${this._isBusy}>${text}</button>`;
  }

  async _ask(secret) {
    this._link = { secret };
    await this._try(async () => {
      const { purpose } = await api("link", { method: "POST", body: { link: secret } });
      this._link = { secret, purpose };
    });
  }

  _useLink(event) {
    event.preventDefault();
    const { password, again, name } = Object.fromEntries(new FormData(event.target));
    const { secret: link, purpose } = this._link;
    if (purpose === "family") this._enter("enter", { link, name });
    else if (password === again) this._enter("setup", { link, password });
    else this._trouble = new Problem(400, { detail: t("enter.differ") });
  }

  _login(event) {
    event.preventDefault();
    this._enter("session", { password: new FormData(event.target).get("password") });
  }

  _enter(path, body) {
    return this._try(async () => {
      await api(path, { method: "POST", body });
      history.replaceState(null, "", "#/talk"); // the link is used up, and nobody need see it
      dispatchEvent(new Event("roomtone-session-found"));
    });
  }

  async _try(action) {
    this._isBusy = true;
    this._trouble = null;
    try {
      await action();
    } catch (error) {
      this._trouble = inWordsOfOurs(error);
    } finally {
      this._isBusy = false;
    }
  }
}

const REFUSALS = { 403: "enter.wrong", 410: "enter.used_up", 429: "enter.too_often" };

/** The refusals that everybody meets, in the reader's language; of others, what the server says. */
function inWordsOfOurs(error) {
  const key = REFUSALS[error.status];
  if (!key) return error;
  const seconds = Math.ceil(error.document.wait_s ?? 0);
  return new Problem(error.status, { detail: t(key, { seconds }) });
}

customElements.define("view-enter", Enter);
