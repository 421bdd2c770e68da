/** The settings in effect, as server.yaml would have them. */

import { css, html } from "../../vendor/lit.js";
import { api } from "../../lib/api.js";
import { trouble, waiting } from "../../lib/elements.js";
import { t } from "../../lib/i18n.js";
import { View } from "../../lib/view.js";
import { asYaml } from "./yaml.js";

export class SettingsPanel extends View {
  static styles = [View.styles, css`
    pre {
      margin: 0; padding: var(--s4); overflow-x: auto; font-family: var(--mono); font-size: .875rem; line-height: 1.6;
    }
    p { margin-bottom: var(--s3); }
  `];
  static properties = { _settings: { state: true }, _trouble: { state: true } };

  constructor() {
    super();
    this._settings = this._trouble = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this._load();
  }

  async _load() {
    try {
      this._settings = (await api("settings")).settings;
      this._trouble = null;
    } catch (error) {
      this._trouble = error;
    }
  }

  render() {
    if (this._trouble) return trouble(this._trouble, () => this._load());
    if (!this._settings) return waiting();
    return html`
      <p class="muted">${t("health.settings_why")}</p>
      <pre class="card" tabindex="0" role="region" aria-label=${t("health.room_settings")}
        >${asYaml(this._settings)}</pre>`;
  }
}

customElements.define("settings-panel", SettingsPanel);
