/** How this browser talks: what it is called and where it stands, which microphone it has, how loud it is. */

import { html, live } from "../../vendor/lit.js";
import { icon } from "../../lib/elements.js";
import { t } from "../../lib/i18n.js";
import { View } from "../../lib/view.js";
import { talker } from "../../lib/voice/talker.js";

class Settings extends View {
  static properties = { areas: { attribute: false }, _microphones: { state: true } };

  constructor() {
    super();
    this.areas = [];
    this._microphones = [];
  }

  /** Shows the sheet. */
  async open() {
    this.renderRoot.querySelector("dialog").showModal();
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    this._microphones = devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId);
  }

  render() {
    const { name, area, device, volume } = talker.settings;
    const areas = this.areas.map((each) => [each.id, each.name]);
    const microphones = this._microphones.map((each) => [each.deviceId, each.label || each.deviceId]);
    return html`
      <dialog aria-labelledby="heading" @click=${this._leaveBeside}>
        <div class="stack">
          <div class="row spread">
            <h2 id="heading">${t("talk.settings")}</h2>
            <button class="round plain" aria-label=${t("talk.close")} @click=${this._close}>${icon("close")}</button>
          </div>
          <label class="field">
            <span>${t("talk.name")}</span>
            <input maxlength="64" .value=${live(name)} placeholder=${t("talk.this_browser")}
                   @change=${(event) => talker.change({ name: event.target.value.trim() })}>
          </label>
          ${this._choice("area", t("talk.area"), area, t("talk.nowhere"), areas)}
          ${this._choice("device", t("talk.microphone"), device, t("talk.any_microphone"), microphones)}
          <label class="field">
            <span>${t("talk.volume")}</span>
            <input type="range" min="0" max="1" step="0.05" .value=${String(volume)}
                   @input=${(event) => talker.change({ volume: Number(event.target.value) })}>
          </label>
        </div>
      </dialog>`;
  }

  _choice(key, label, chosen, none, choices) {
    return html`
      <label class="field">
        <span>${label}</span>
        <select @change=${(event) => talker.change({ [key]: event.target.value })}>
          <option value="" ?selected=${!chosen}>${none}</option>
          ${choices.map(([value, name]) => html`<option value=${value} ?selected=${value === chosen}>${name}</option>`)}
        </select>
      </label>`;
  }

  _leaveBeside(event) {
    if (event.target === event.currentTarget) this._close();
  }

  _close() {
    this.renderRoot.querySelector("dialog").close();
  }
}

customElements.define("talk-settings", Settings);
