import { html } from "../vendor/lit.js";
import { empty } from "../lib/elements.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

export default class Talk extends View {
  static styles = [View.styles];

  render() {
    return html`
      <header><h1>${t("talk.title")}</h1></header>
      ${empty("talk", t("talk.nothing"), t("talk.nothing_why"))}`;
  }
}

customElements.define("view-talk", Talk);
