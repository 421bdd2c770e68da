/** Talking: what was said stands above, what one does about it below. */

import { html, nothing, repeat } from "../vendor/lit.js";
import { api } from "../lib/api.js";
import { icon } from "../lib/elements.js";
import { hasText, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { talker } from "../lib/voice/talker.js";
import { exchange } from "./talk/exchange.js";
import "./talk/settings.js";
import { styles } from "./talk/styles.js";

const MODES = ["hold", "wake", "open"];
const QUIETEST_DBFS = -60; // what the ring around the button shows nothing of
const LOUDEST_DBFS = -15;
const SAID_ALOUD = ["listening", "lost", "moved"]; // phases that a screen reader is told of: a voice tells the others

export default class Talk extends View {
  static properties = { session: { attribute: false }, _home: { state: true } };
  static styles = [View.styles, styles];

  constructor() {
    super();
    this._home = { areas: [], names: new Map() };
    this._follow = () => this.requestUpdate();
    this._show = () => this._showLevel();
  }

  connectedCallback() {
    super.connectedCallback();
    talker.addEventListener("change", this._follow);
    talker.addEventListener("level", this._show);
    const { kind, name } = this.session;
    talker.otherwise = kind === "family" ? name.slice(0, 64) : t("talk.this_browser");
    this._learnNames();
    talker.resume();
  }

  disconnectedCallback() {
    talker.removeEventListener("change", this._follow);
    talker.removeEventListener("level", this._show);
    talker.rest();
    super.disconnectedCallback();
  }

  /** What areas there are, and what people call the things in them: without these, ids are shown. */
  async _learnNames() {
    try {
      const { areas, elsewhere } = await api("home");
      const entities = [...areas.flatMap((area) => area.entities), ...elsewhere];
      this._home = { areas, names: new Map(entities.map(({ id, name }) => [id, name])) };
    } catch {
      return; // whoever has to know is told where it matters: in the view Home
    }
  }

  render() {
    const { turns } = talker.state;
    return html`
      <header class="row spread">
        <h1>${t("talk.title")}</h1>
        <button class="round" aria-label=${t("talk.settings")} @click=${this._openSettings}>${icon("settings")}</button>
      </header>
      <ol class="said" aria-label=${t("talk.said")}>
        ${repeat(turns, ({ key }) => key, (each) => exchange(each, this._home.names))}
      </ol>
      ${turns.length ? nothing : html`
        <div class="empty"><h2>${t("talk.nothing")}</h2><p>${t("talk.nothing_why")}</p></div>`}
      <section class="dock" aria-label=${t("talk.controls")}>
        ${this._trouble()}
        <p class="phase" aria-hidden="true">${this._phase()}</p>
        <p class="hidden-text" role="status">${SAID_ALOUD.includes(talker.state.phase) ? this._phase() : ""}</p>
        ${this._buttons()} ${this._modes()}
      </section>
      <talk-settings .areas=${this._home.areas}></talk-settings>`;
  }

  updated() {
    if (talker.state.turns === this._seen) return;
    this._seen = talker.state.turns;
    this.renderRoot.querySelector(".said > li:last-of-type")?.scrollIntoView({ block: "nearest" });
  }

  _phase() {
    const { phase, mode, wakeWords } = talker.state;
    const chosen = talker.settings.mode;
    if (phase === "off") return t(chosen === "hold" ? "talk.hold" : "talk.begin");
    if (phase !== "ready") return t(`talk.${phase}`);
    return mode === "wake" ? t("talk.wake", { words: wakeWords.join(t("talk.or")) }) : t(`talk.${mode}`);
  }

  _trouble() {
    const { trouble } = talker.state;
    if (!trouble) return nothing;
    const port = trouble === "insecure" && this.session.https_port;
    const there = `https://${location.hostname}:${port}/#/talk`;
    return html`
      <div class="note bad" role="alert">
        <p>${hasText(`talk.no_${trouble}`) ? t(`talk.no_${trouble}`) : trouble}</p>
        ${port ? html`<p><a href=${there}>${there}</a></p>` : nothing}
      </div>`;
  }

  _buttons() {
    const { phase } = talker.state;
    const isGoingOn = ["listening", "thinking", "speaking"].includes(phase);
    return html`
      <div class="buttons">
        <span></span>
        <button class="talk ${phase}" ?disabled=${phase === "lost"} aria-label=${t("talk.press")}
                @pointerdown=${this._down} @pointerup=${this._up} @pointercancel=${this._up} @blur=${this._up}
                @keydown=${this._key} @keyup=${this._key} @click=${this._click}
                @contextmenu=${(event) => event.preventDefault()}>
          ${icon(phase === "speaking" ? "speaker" : "talk")}
        </button>
        <button class="round" ?hidden=${!isGoingOn} aria-label=${t("talk.stop")} @click=${() => talker.cancel()}>
          ${icon("stop")}
        </button>
      </div>`;
  }

  _modes() {
    return html`
      <fieldset class="modes">
        <legend class="hidden-text">${t("talk.mode")}</legend>
        ${MODES.map((mode) => html`
          <label>
            <input type="radio" name="mode" value=${mode} .checked=${talker.settings.mode === mode}
                   @change=${() => talker.change({ mode })}>
            <span>${t(`talk.mode_${mode}`)}</span>
          </label>`)}
      </fieldset>`;
  }

  _showLevel() {
    const share = (talker.level - QUIETEST_DBFS) / (LOUDEST_DBFS - QUIETEST_DBFS);
    const button = this.renderRoot.querySelector(".talk");
    button?.style.setProperty("--level", Math.max(0, Math.min(1, share)).toFixed(2));
  }

  _down(event) {
    if (event.button !== 0) return;
    event.target.setPointerCapture?.(event.pointerId);
    talker.press();
  }

  _up() {
    talker.release();
  }

  /** Space and Enter hold the button as a finger does; neither clicks it. */
  _key(event) {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (event.type === "keyup") talker.release();
    else if (!event.repeat) talker.press();
  }

  /** Of a screen reader, which presses no key and no finger: as if it were tapped. */
  _click(event) {
    if (event.detail > 0) return;
    talker.press();
    talker.release();
  }

  _openSettings() {
    this.renderRoot.querySelector("talk-settings").open();
  }
}

customElements.define("view-talk", Talk);
