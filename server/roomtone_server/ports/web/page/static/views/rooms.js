import { html } from "../vendor/lit.js";
import { empty } from "../lib/elements.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

export default class Rooms extends View {
  static styles = [View.styles];

  render() {
    return html`
      <header><h1>${t("rooms.title")}</h1></header>
      ${empty("rooms", t("rooms.nothing"), t("rooms.nothing_why"))}`;
  }
}

customElements.define("view-rooms", Rooms);
