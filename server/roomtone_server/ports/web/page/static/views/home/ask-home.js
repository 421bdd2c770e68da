/** A command in writing, and what came of it. */

import { css, html, nothing } from "../../vendor/lit.js";
import { api } from "../../lib/api.js";
import { icon, inWords } from "../../lib/elements.js";
import { language, t } from "../../lib/i18n.js";
import { View } from "../../lib/view.js";

const MAX_EXCHANGES = 5; // that stay in sight

export class AskHome extends View {
  static styles = [View.styles, styles()];
  static properties = {
    areas: { attribute: false },
    _exchanges: { state: true },
    _isBusy: { state: true },
  };

  constructor() {
    super();
    this.areas = [];
    this._exchanges = [];
    this._isBusy = false;
    this._conversation = `page-${Math.random().toString(36).slice(2)}`; // so that "it" is what was last spoken of
  }

  async _ask(event) {
    event.preventDefault();
    const form = event.target;
    const { text, area } = Object.fromEntries(new FormData(form));
    if (!text.trim() || this._isBusy) return;
    this._isBusy = true;
    const body = { text, area: area || null, language: language(), conversation: this._conversation };
    const answer = await api("ask", { method: "POST", body }).catch((error) => ({ error }));
    this._exchanges = [...this._exchanges, { text, ...answer }].slice(-MAX_EXCHANGES);
    this._isBusy = false;
    if (!answer.error) form.elements.text.value = "";
    form.elements.text.focus();
  }

  /** What was touched, by name. */
  _did(actions) {
    const known = this.areas.flatMap((area) => area.entities);
    const names = actions.map(({ entity }) => known.find(({ id }) => id === entity)?.name ?? entity);
    return [...new Set(names)].join(", ");
  }

  render() {
    return html`
      <section class="card stack tight" aria-label=${t("home.ask")}>
        <div role="log" aria-label=${t("home.answers")} ?hidden=${!this._exchanges.length}>
          ${this._exchanges.map((each) => html`
            <p class="asked">${each.text}</p>
            <p class="answered ${each.error ? "bad" : ""}">${each.error ? inWords(each.error) : each.reply}
              ${each.actions?.length
                ? html`<span class="done small muted">${icon("check")}${this._did(each.actions)}</span>`
                : nothing}
            </p>`)}
        </div>
        <form class="row" @submit=${this._ask}>
          <label class="where"><span class="hidden-text">${t("home.where")}</span>
            <select name="area">
              <option value="">${t("home.nowhere")}</option>
              ${this.areas.filter(({ id }) => id).map((area) => html`<option value=${area.id}>${area.name}</option>`)}
            </select></label>
          <label class="grow"><span class="hidden-text">${t("home.ask")}</span>
            <input name="text" maxlength="1000" autocomplete="off" enterkeyhint="send"
              placeholder=${t("home.ask_hint")}></label>
          <button class="main" aria-label=${t("home.send")} aria-busy=${this._isBusy ? "true" : "false"}>
            ${icon("send")}<span>${t("home.send")}</span></button>
          <a class="button" href="#/talk" aria-label=${t("home.speak")}>
            ${icon("talk")}<span>${t("home.speak")}</span></a>
        </form>
      </section>`;
  }
}

function styles() {
  return css`
    [role="log"] { margin: 0 0 var(--s2); display: flex; flex-direction: column; gap: var(--s2); }
    [role="log"] p {
      max-width: 85%; padding: var(--s2) var(--s3); border-radius: var(--radius); overflow-wrap: anywhere;
    }
    .asked { align-self: flex-end; background: var(--tint); }
    .answered { align-self: flex-start; background: var(--sunk); }
    .answered.bad { background: var(--bad-tint); }
    .done { display: flex; align-items: center; gap: var(--s1); margin-top: 2px; }
    .done svg { width: 14px; height: 14px; }
    form { flex-wrap: nowrap; }
    .where { flex: 0 1 10rem; }
    @media (max-width: 44rem) {
      form { flex-wrap: wrap; }
      .where { flex: 1 1 100%; }
      form span:not(.hidden-text) { display: none; }
      .grow { flex: 1 1 8rem; }
      button, .button { padding: 0; width: 48px; }
    }
  `;
}

customElements.define("ask-home", AskHome);
