import { css, html, nothing } from "../vendor/lit.js";
import { api, request } from "../lib/api.js";
import { empty, icon, toast, trouble, waiting } from "../lib/elements.js";
import { language, t } from "../lib/i18n.js";
import { may } from "../lib/session.js";
import { View } from "../lib/view.js";
import "./voices/model-table.js";
import { Player } from "./voices/player.js";
import { sampleOf, speaks } from "./voices/samples.js";

const SLOWEST = 0.5;
const FASTEST = 2;

export default class Voices extends View {
  static properties = {
    _voices: { state: true }, // null: not fetched yet
    _languages: { state: true },
    _code: { state: true }, // the language that is chosen
    _text: { state: true }, // null: the language's own sample
    _speed: { state: true },
    _heard: { state: true }, // the voice that is being made, or sounds
    _isMade: { state: true },
    _trouble: { state: true },
  };
  static styles = [View.styles, styles()];

  constructor() {
    super();
    this._voices = this._text = this._heard = this._trouble = null;
    this._languages = [];
    this._code = "en";
    this._speed = 1;
    this._isMade = false;
    this._player = new Player(() => (this._heard = null));
  }

  connectedCallback() {
    super.connectedCallback();
    this._load();
  }

  disconnectedCallback() {
    this._asking?.abort();
    this._player.close();
    super.disconnectedCallback();
  }

  async _load() {
    try {
      const [{ voices }, { first, languages }] = await Promise.all([api("voices"), api("languages")]);
      Object.assign(this, { _voices: voices, _languages: languages, _code: first, _trouble: null });
    } catch (error) {
      this._trouble = error;
    }
  }

  async _hear(voice, speaker) {
    this._asking?.abort();
    this._player.stop();
    const name = voice.name + speaker;
    if (this._heard === name) return void (this._heard = null);
    this._player.open();
    Object.assign(this, { _heard: name, _isMade: false, _asking: new AbortController() });
    const { signal } = this._asking;
    try {
      const body = {
        text: this._text ?? sampleOf(this._code), voice: voice.name, speaker, language: this._code, speed: this._speed,
        format: "wav",
      };
      const answer = await request("tts/generate", { method: "POST", body, signal });
      await this._player.play(await answer.arrayBuffer());
      this._isMade = true;
    } catch (error) {
      if (error.name === "AbortError") return;
      this._heard = null;
      toast(error);
    }
  }

  render() {
    return html`
      <header class="row spread"><h1>${t("voices.title")}</h1>${this._languageChoice()}</header>
      ${trouble(this._trouble, () => this._load())}
      ${this._voices ? html`
        <div class="stack">${this._studio()}
          ${may("admin") ? html`<model-table .language=${this._code}></model-table>` : nothing}
        </div>` : this._trouble ? nothing : waiting()}`;
  }

  _languageChoice() {
    return html`
      <label><span class="hidden-text">${t("voices.language")}</span>
        <select @change=${(event) => Object.assign(this, { _code: event.target.value, _text: null })}>
          ${this._languages.map(({ code, name }) => html`
            <option value=${code} lang=${code} ?selected=${code === this._code}>${name}</option>`)}
        </select></label>`;
  }

  _studio() {
    const voices = this._voices.filter((each) => speaks(each, this._code));
    const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 2 });
    return html`
      <section class="card stack">
        <div class="row tools">
          <label class="field grow"><span>${t("voices.text")}</span>
            <textarea rows="2" maxlength="1000" lang=${this._code} .value=${this._text ?? sampleOf(this._code)}
              @input=${(event) => (this._text = event.target.value)}></textarea></label>
          <label class="field speed"><span>${t("voices.speed", { speed: number.format(this._speed) })}</span>
            <input type="range" min=${SLOWEST} max=${FASTEST} step="0.05" .value=${String(this._speed)}
              @input=${(event) => (this._speed = Number(event.target.value))}></label>
        </div>
        ${voices.length ? html`<ul>${voices.flatMap((voice) =>
          (voice.speakers.length ? voice.speakers : [""]).map((each) => html`<li>${this._voice(voice, each)}</li>`),
        )}</ul>` : empty("voices", t("voices.none"), t("voices.none_why"))}
      </section>`;
  }

  _voice(voice, speaker) {
    const isHeard = this._heard === voice.name + speaker;
    const title = [voice.title || voice.name || voice.engine, speaker].filter(Boolean).join(" · ");
    return html`
      <button class="voice" aria-pressed=${isHeard ? "true" : "false"}
        aria-busy=${isHeard && !this._isMade ? "true" : "false"} ?disabled=${!may("speak")}
        @click=${() => this._hear(voice, speaker)}>
        ${icon(isHeard ? "stop" : "play")}
        <span class="grow"><span class="name">${title}</span>
          <span class="muted small">${[voice.engine, ...voice.languages.map(inWords)].join(" · ")}</span></span>
      </button>`;
  }
}

/** A language's code as the reader calls it; engines have codes that nobody else knows. */
function inWords(code) {
  try {
    return new Intl.DisplayNames(language(), { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function styles() {
  return css`
    header select { min-width: 10rem; }
    .tools { align-items: flex-end; gap: var(--s4); }
    .tools .grow { flex: 1 1 18rem; }
    .speed { flex: 0 1 12rem; }
    textarea { resize: vertical; }
    ul {
      list-style: none; margin: 0; padding: 0; display: grid; gap: var(--s2);
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
    }
    .voice { width: 100%; min-height: 60px; justify-content: flex-start; text-align: start; font-weight: 400; }
    .voice .name { display: block; font-weight: 560; overflow-wrap: anywhere; }
    .voice .small { display: block; }
    .voice svg { color: var(--accent); }
    .voice[aria-busy="true"] svg { animation: wait 1s ease-in-out infinite; }
    @keyframes wait { 50% { opacity: .2; } }
  `;
}

customElements.define("view-voices", Voices);
