import { html } from "../vendor/lit.js";
import { empty } from "../lib/elements.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

export default class Health extends View {
  static styles = [View.styles];

  render() {
    return html`
      <header><h1>${t("health.title")}</h1></header>
      ${empty("health", t("health.nothing"), t("health.nothing_why"))}`;
  }
}

customElements.define("view-health", Health);
