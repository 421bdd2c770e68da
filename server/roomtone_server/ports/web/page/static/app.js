/**
 * The shell: who may come in, where one can go, and what is shown of it. Addresses are #/NAME/..., so that all URLs are
 * relative, and the page works wherever it is served.
 */

import { LitElement, css, html, nothing } from "./vendor/lit.js";
import { icon, inWords, trouble, waiting } from "./lib/elements.js";
import { LANGUAGES, language, loadTexts, setLanguage, t } from "./lib/i18n.js";
import { look } from "./lib/look.js";
import { askSession, leave } from "./lib/session.js";

const PLACES = ["talk", "rooms", "home", "turns", "voices", "health"];
const TOAST_MS = 6000;

/** A part of the address; as it stands, where somebody typed what is no escape. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class App extends LitElement {
  static properties = {
    _name: { state: true },
    _view: { state: true },
    _trouble: { state: true },
    _toast: { state: true },
    _session: { state: true },
  };
  static styles = [look, styles()];

  constructor() {
    super();
    this._name = "";
    this._view = null;
    this._trouble = null;
    this._toast = null;
    this._session = null;
    addEventListener("hashchange", () => this._show());
    addEventListener("roomtone-session-lost", () => this._start());
    addEventListener("roomtone-session-found", () => this._start());
    addEventListener("roomtone-language", () => this._retitle());
    addEventListener("roomtone-toast", (event) => this._say(event.detail));
  }

  connectedCallback() {
    super.connectedCallback();
    document.documentElement.lang = language();
    this._start();
  }

  /** Asks who is there, and shows what that person came for. */
  async _start() {
    try {
      await loadTexts("shell");
      this._session = await askSession();
      this._trouble = null;
      await this._show();
    } catch (error) {
      this._trouble = error;
    }
  }

  async _show() {
    const [, asked = "", ...path] = location.hash.split("/").map(decoded);
    const isIn = this._session?.state === "in";
    const name = asked === "enter" || !isIn ? "enter" : PLACES.includes(asked) ? asked : "talk";
    if (name === this._name && this._view) {
      Object.assign(this._view, { path });
      return;
    }
    const isFirst = !this._name;
    this._name = name;
    try {
      await Promise.all([loadTexts(name), import(`./views/${name}.js`)]);
    } catch (error) {
      this._trouble = error instanceof TypeError ? Object.assign(error, { status: 0 }) : error;
      return;
    }
    if (name !== this._name) return; // meanwhile somebody went on
    this._trouble = null;
    this._view = Object.assign(document.createElement(`view-${name}`), { path, session: this._session });
    this._retitle();
    if (!isFirst) this._focusHeading();
  }

  _retitle() {
    document.title = this._name ? `${t(`${this._name}.title`)} · Roomtone` : "Roomtone";
    this.requestUpdate();
  }

  /** So that a screen reader says where one is now. */
  async _focusHeading() {
    const view = this._view;
    await this.updateComplete;
    await view.updateComplete;
    const heading = view.renderRoot.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  _say(detail) {
    clearTimeout(this._toastTimer);
    this._toast = detail;
    this._toastTimer = setTimeout(() => (this._toast = null), TOAST_MS);
  }

  render() {
    const isInside = this._session?.state === "in" && this._name !== "enter";
    return html`
      ${isInside ? this._navigation() : nothing}
      <main class=${isInside ? "inside" : "outside"}>
        ${trouble(this._trouble, () => this._start())}
        ${this._view ?? (this._trouble ? nothing : this._session ? waiting() : nothing)}
        <footer class="row">${this._languages()}${isInside ? this._leaving() : nothing}</footer>
      </main>
      <div class="toast ${this._toast?.bad ? "bad" : ""}" role="status" aria-live="polite">
        ${this._toast ? html`<p>${this._toast.text}</p>` : nothing}
      </div>`;
  }

  _navigation() {
    return html`
      <nav aria-label=${t("shell.places")}>
        <div class="brand"><img src="icon.svg" alt="" width="32" height="32">Roomtone</div>
        <ul>
          ${PLACES.map((name) => html`
            <li>
              <a href="#/${name}" aria-current=${name === this._name ? "page" : nothing}>
                ${icon(name)}<span>${t(`shell.${name}`)}</span>
              </a>
            </li>`)}
        </ul>
        <div class="aside">
          ${this._languages()}${this._leaving()}
        </div>
      </nav>`;
  }

  /** Through Home Assistant one comes and goes there. */
  _leaving() {
    if (this._session.kind === "ingress") return nothing;
    return html`<button class="plain" @click=${this._leave}>${icon("leave")}${t("shell.leave")}</button>`;
  }

  _languages() {
    return html`
      <label class="language">
        <span class="hidden-text">${t("shell.language")}</span>
        <select @change=${(event) => this._speak(event.target.value)}>
          ${Object.entries(LANGUAGES).map(([code, name]) => html`
            <option value=${code} lang=${code} ?selected=${code === language()}>${name}</option>`)}
        </select>
      </label>`;
  }

  async _speak(code) {
    try {
      await setLanguage(code);
    } catch {
      this._say({ text: inWords({ status: 0 }), bad: true });
    }
  }

  async _leave() {
    try {
      await leave();
    } catch (error) {
      this._say({ text: inWords(error), bad: true });
    }
  }
}

function styles() {
  return css`
    :host { min-height: 100dvh; display: flex; }
    main { flex: 1; min-width: 0; }
    main.inside { padding: var(--s6) clamp(var(--s4), 4vw, var(--s7)) var(--s7); }
    main.inside > * { max-width: 68rem; margin-inline: auto; }
    main.outside { display: grid; place-content: center; justify-items: center; padding: var(--s5) var(--s4); }
    nav {
      position: sticky; top: 0; height: 100dvh; width: 14rem; flex: none; display: flex; flex-direction: column;
      gap: var(--s5); padding: var(--s5) var(--s3) var(--s4); border-inline-end: 1px solid var(--line);
    }
    .brand {
      display: flex; align-items: center; gap: var(--s3); padding-inline: var(--s3); font-size: 1.15rem;
      font-weight: 650;
    }
    ul { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 2px; }
    nav li a {
      display: flex; align-items: center; gap: var(--s3); min-height: 44px; padding: 0 var(--s3); color: var(--muted);
      text-decoration: none; border-radius: var(--radius-small); font-weight: 540;
    }
    nav li a:hover { color: var(--ink); background: var(--sunk); }
    nav li a[aria-current] { color: var(--accent); background: var(--tint); }
    .aside { margin-top: auto; display: flex; flex-direction: column; gap: var(--s1); }
    .aside button { justify-content: flex-start; padding-inline: var(--s3); color: var(--muted); }
    .language select { border-color: transparent; background: none; color: var(--muted); }
    .language select:hover { border-color: var(--line); }
    footer { justify-content: center; margin-top: var(--s6); }
    footer .language select { width: auto; }
    footer button { color: var(--muted); }
    .inside footer { display: none; }
    .toast {
      position: fixed; inset: auto 0 var(--s5); display: grid; place-items: center; pointer-events: none; z-index: 9;
    }
    .toast p {
      max-width: min(36rem, calc(100vw - 2 * var(--s4))); padding: var(--s3) var(--s4); color: var(--paper);
      background: var(--ink); border-radius: var(--radius-small); box-shadow: var(--shadow); pointer-events: auto;
    }
    .toast.bad p { background: var(--bad-tint); color: var(--bad); border: 1px solid currentColor; }
    @media (max-width: 52rem) {
      :host { flex-direction: column; }
      main.inside { padding: var(--s5) var(--s4) calc(72px + var(--s5) + env(safe-area-inset-bottom)); }
      nav {
        position: fixed; inset: auto 0 0; top: auto; width: auto; height: auto; order: 2; z-index: 8; padding: 0;
        padding-bottom: env(safe-area-inset-bottom); border: 0; border-top: 1px solid var(--line);
        background: var(--card);
      }
      nav ul { flex-direction: row; }
      nav li { flex: 1; min-width: 0; }
      nav li a {
        flex-direction: column; gap: 2px; justify-content: center; min-height: 60px; padding: 0 2px; font-size: .72rem;
        border-radius: 0;
      }
      nav li a[aria-current] { background: none; }
      nav li span { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .brand, .aside { display: none; }
      .inside footer { display: flex; }
      .toast { bottom: calc(72px + env(safe-area-inset-bottom)); }
    }
  `;
}

customElements.define("roomtone-app", App);
