/** Models: which are known, installed and used; fetched and removed from here. */

import { css, html, nothing } from "../../vendor/lit.js";
import { api, streamed } from "../../lib/api.js";
import { attempt, icon, toast, trouble, waiting } from "../../lib/elements.js";
import { bytes, percent } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { View } from "../../lib/view.js";
import { speaks } from "./samples.js";

const KINDS = ["whisper", "piper", "ollama"];

export class ModelTable extends View {
  static styles = [View.styles, styles()];
  static properties = {
    language: { attribute: false },
    _models: { state: true }, // null: not fetched yet
    _freeBytes: { state: true },
    _pulls: { state: true }, // by name: the last that was told of a download
    _leaving: { state: true }, // the model that is to be removed, if whoever sits there is sure
    _trouble: { state: true },
  };

  constructor() {
    super();
    this.language = "en";
    this._models = this._leaving = this._trouble = null;
    this._freeBytes = 0;
    this._pulls = new Map();
    this._calledOff = new Set(); // by whoever sits here, who need not be told of it
  }

  connectedCallback() {
    super.connectedCallback();
    this._gone = new AbortController();
    this._load();
  }

  disconnectedCallback() {
    this._gone.abort();
    super.disconnectedCallback();
  }

  updated(changes) {
    if (changes.has("_leaving") && this._leaving) this.renderRoot.querySelector("dialog").showModal();
  }

  async _load() {
    try {
      const { models, free_bytes: freeBytes } = await api("models");
      Object.assign(this, { _models: models, _freeBytes: freeBytes, _trouble: null });
      for (const { name, pull } of models) {
        if (pull?.state === "pulling" && !this._pulls.has(name)) this._pull(name); // who else began it: look on
      }
    } catch (error) {
      this._trouble = error;
    }
  }

  /** Fetches it, or looks on where it is being fetched. It goes on when the page is left. */
  async _pull(name) {
    this._tell(name, { state: "pulling", done_bytes: 0, total_bytes: null });
    try {
      const path = `models/${encodeURIComponent(name)}/pull`;
      for await (const { data } of streamed(path, { method: "POST", signal: this._gone.signal })) {
        this._tell(name, data);
        if (data.state === "failed" && !this._calledOff.delete(name)) toast(new Error(data.note));
      }
    } catch (error) {
      if (error.name !== "AbortError") toast(error);
    }
    this._pulls = new Map([...this._pulls].filter(([each]) => each !== name));
    if (!this._gone.signal.aborted) await this._load();
  }

  _tell(name, pull) {
    this._pulls = new Map([...this._pulls, [name, pull]]);
  }

  async _cancel(name) {
    this._calledOff.add(name);
    await attempt(() => api(`models/${encodeURIComponent(name)}/pull`, { method: "DELETE" }));
  }

  async _decided(isSure) {
    const { name } = this._leaving;
    this._leaving = null;
    if (!isSure) return;
    await attempt(() => api(`models/${encodeURIComponent(name)}`, { method: "DELETE" }), t("voices.removed", { name }));
    await this._load();
  }

  render() {
    if (!this._models) return this._trouble ? trouble(this._trouble, () => this._load()) : waiting();
    const models = this._models.filter((each) => each.installed || each.in_use || speaks(each, this.language));
    return html`
      <section class="card stack tight">
        <div class="row spread"><h2>${t("voices.models")}</h2>
          <span class="muted small">${t("voices.free", { size: bytes(this._freeBytes) })}</span></div>
        <p class="muted small">${t("voices.models_why")}</p>
        <table>
          <thead><tr><th scope="col">${t("voices.model")}</th><th scope="col" class="number">${t("voices.size")}</th>
            <th scope="col"><span class="hidden-text">${t("voices.act")}</span></th></tr></thead>
          ${KINDS.map((kind) => this._kind(kind, models.filter((each) => each.kind === kind).sort(byUse)))}
        </table>
      </section>
      ${this._dialog()}`;
  }

  _kind(kind, models) {
    return models.length === 0 ? nothing : html`
      <tbody>
        <tr><th class="kind" scope="rowgroup" colspan="3">${t(`voices.kind_${kind}`)}</th></tr>
        ${models.map((each) => this._row(each))}
      </tbody>`;
  }

  _row(model) {
    const [, ...name] = model.name.split("/");
    const pull = this._pulls.get(model.name);
    return html`
      <tr>
        <th scope="row">${name.join("/")}
          ${model.in_use ? html`<span class="chip on">${t("voices.in_use")}</span>` : nothing}
          ${model.installed ? html`<span class="chip">${t("voices.installed")}</span>` : nothing}
          <span class="muted small">${model.licence}</span>
          ${pull ? progress(pull) : nothing}</th>
        <td class="number small">${model.bytes ? bytes(model.bytes) : "–"}</td>
        <td>${pull ? html`<button class="plain" @click=${() => this._cancel(model.name)}>${t("voices.cancel")}</button>`
          : this._act(model, name.join("/"))}</td>
      </tr>`;
  }

  _act(model, title) {
    if (!model.installed) {
      return html`<button class="plain round" aria-label=${t("voices.pull", { name: title })}
        @click=${() => this._pull(model.name)}>${icon("download")}</button>`;
    }
    return model.in_use ? nothing : html`
      <button class="plain danger round" aria-label=${t("voices.remove", { name: title })}
        @click=${() => (this._leaving = model)}>${icon("remove")}</button>`;
  }

  _dialog() {
    if (!this._leaving) return nothing;
    return html`
      <dialog aria-labelledby="doubt" @close=${(event) => this._decided(event.target.returnValue === "yes")}>
        <form method="dialog" class="stack">
          <h2 id="doubt">${t("voices.remove_sure", { name: this._leaving.name })}</h2>
          <div class="row">
            <button class="danger" value="yes">${t("voices.remove_yes")}</button>
            <button value="no" autofocus>${t("voices.keep")}</button>
          </div>
        </form>
      </dialog>`;
  }
}

const rank = ({ in_use: isUsed, installed }) => (isUsed ? 0 : installed ? 1 : 2);
const byUse = (one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name);

function progress({ file = "", done_bytes: done, total_bytes: total, note = "" }) {
  const share = total ? done / total : null;
  return html`
    <span class="pull small" role="group" aria-label=${t("voices.pulling")}>
      <progress max="1" value=${share ?? nothing}></progress>
      <span class="number">${share === null ? bytes(done) : percent(share)}</span>
      <span class="muted">${note || file}</span>
    </span>`;
}

function styles() {
  return css`
    th[scope="row"] { color: var(--ink); font-size: 1rem; overflow-wrap: anywhere; }
    th .small { display: block; font-weight: 400; }
    th.kind { padding-top: var(--s4); }
    td { white-space: nowrap; }
    td:last-child { width: 44px; padding: 0; text-align: end; }
    .pull { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2); margin-top: var(--s1); }
    progress { width: 10rem; height: 8px; accent-color: var(--accent); }
  `;
}

customElements.define("model-table", ModelTable);
