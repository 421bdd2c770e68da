import { html } from "../vendor/lit.js";
import { empty } from "../lib/elements.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

export default class Voices extends View {
  static styles = [View.styles];

  render() {
    return html`
      <header><h1>${t("voices.title")}</h1></header>
      ${empty("voices", t("voices.nothing"), t("voices.nothing_why"))}`;
  }
}

customElements.define("view-voices", Voices);
