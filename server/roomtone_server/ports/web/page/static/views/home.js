import { html } from "../vendor/lit.js";
import { empty } from "../lib/elements.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

export default class Home extends View {
  static styles = [View.styles];

  render() {
    return html`
      <header><h1>${t("home.title")}</h1></header>
      ${empty("home", t("home.nothing"), t("home.nothing_why"))}`;
  }
}

customElements.define("view-home", Home);
