import { css, html, nothing } from "../vendor/lit.js";
import { api } from "../lib/api.js";
import { attempt, empty, icon, trouble, waiting } from "../lib/elements.js";
import { hasIcon } from "../lib/icons.js";
import { follow } from "../lib/events.js";
import { language, hasText, t } from "../lib/i18n.js";
import { may } from "../lib/session.js";
import { View } from "../lib/view.js";
import "./home/ask-home.js";
import { changed, detail, found, isActive, stated, tapped } from "./home/entities.js";

const ELSEWHERE = ""; // the id of what stands in no area

export default class Home extends View {
  static properties = {
    _areas: { state: true }, // null: not fetched yet
    _fault: { state: true },
    _wanted: { state: true },
    _busy: { state: true }, // ids of entities that are asked something
    _doubtful: { state: true }, // a tap that asks back
    _trouble: { state: true },
  };
  static styles = [View.styles, styles()];

  constructor() {
    super();
    this._areas = this._trouble = this._fault = this._doubtful = null;
    this._wanted = "";
    this._busy = new Set();
  }

  connectedCallback() {
    super.connectedCallback();
    this._unfollow = follow(["home"], {
      opened: () => this._load(),
      lost: () => this._areas ?? this._load(),
      state: (entity) => this._areas && this._take(entity),
    });
  }

  disconnectedCallback() {
    this._unfollow();
    super.disconnectedCallback();
  }

  updated(changes) {
    if (changes.has("_doubtful") && this._doubtful) this.renderRoot.querySelector("dialog").showModal();
  }

  async _load() {
    try {
      const { areas, elsewhere, fault } = await api("home");
      this._areas = [...areas, { id: ELSEWHERE, name: "", floor: null, entities: elsewhere }];
      this._fault = fault;
      this._trouble = null;
    } catch (error) {
      this._trouble = error;
    }
  }

  _take(entity) {
    this._areas = changed(this._areas, entity);
  }

  /** Calls what a tap means; what opens something asks back first. */
  async _tap(entity, confirmed = false) {
    const service = tapped(entity);
    this._busy = new Set([...this._busy, entity.id]);
    await attempt(async () => {
      try {
        this._take(await api("home/call", { method: "POST", body: { service, entity: entity.id, confirmed } }));
      } catch (problem) {
        if (problem.status !== 409 || confirmed) throw problem;
        this._doubtful = { entity, service };
      }
    });
    this._busy = new Set([...this._busy].filter((id) => id !== entity.id));
  }

  render() {
    return html`
      <header class="row spread">
        <h1>${t("home.title")}</h1>
        <label class="search"><span class="hidden-text">${t("home.search")}</span>
          <input type="search" placeholder=${t("home.search")} autocomplete="off"
            @input=${(event) => (this._wanted = event.target.value)}></label>
      </header>
      <div class="stack">
        ${trouble(this._trouble, () => this._load())}
        ${this._fault ? html`<p class="note bad" role="status">${this._fault}</p>` : nothing}
        ${may("speak") ? html`<ask-home .areas=${this._areas ?? []}></ask-home>` : nothing}
        ${this._areas ? this._sections() : this._trouble ? nothing : waiting()}
      </div>
      ${this._dialog()}`;
  }

  _sections() {
    const areas = found(this._areas, this._wanted, kindInWords);
    if (!areas.length) return empty("home", t(this._wanted ? "home.none_fits" : "home.none"));
    return areas.map((area) => html`
      <section aria-labelledby=${`area-${area.id}`}>
        <h2 id=${`area-${area.id}`}>${area.id === ELSEWHERE ? t("home.elsewhere") : area.name}
          ${area.floor ? html`<span class="muted small">${area.floor}</span>` : nothing}</h2>
        <ul>${area.entities.map((entity) => html`<li>${this._tile(entity)}</li>`)}</ul>
      </section>`);
  }

  _tile(entity) {
    const isOn = isActive(entity);
    const inside = html`
      <span class="mark">${icon(iconOf(entity.domain))}</span>
      <span class="words"><span class="name">${entity.name}</span>
        <span class="state small">${stateInWords(entity)}</span></span>`;
    if (!tapped(entity) || !may("control")) return html`<div class="tile ${isOn ? "on" : ""}">${inside}</div>`;
    return html`
      <button class="tile ${isOn ? "on" : ""}" aria-busy=${this._busy.has(entity.id) ? "true" : "false"}
        @click=${() => this._tap(entity)}>${inside}</button>`;
  }

  _dialog() {
    if (!this._doubtful) return nothing;
    const { entity, service } = this._doubtful;
    const act = `home.act_${service.split(".")[1]}`;
    return html`
      <dialog aria-labelledby="doubt" @close=${(event) => this._decided(event.target.returnValue === "yes")}>
        <form method="dialog" class="stack">
          <h2 id="doubt">${t(hasText(act) ? act : "home.act_other", { name: entity.name })}</h2>
          <p class="muted">${t("home.guarded")}</p>
          <div class="row">
            <button class="main" value="yes">${t("home.yes")}</button>
            <button value="no" autofocus>${t("home.no")}</button>
          </div>
        </form>
      </dialog>`;
  }

  _decided(isSure) {
    const { entity } = this._doubtful;
    this._doubtful = null;
    if (isSure) this._tap(entity, true);
  }
}

const DRAWN_AS = {
  input_boolean: "switch", valve: "cover", lawn_mower: "vacuum", input_button: "button", script: "scene",
  alarm_control_panel: "alarm",
};

function iconOf(domain) {
  const name = DRAWN_AS[domain] ?? domain;
  return hasIcon(name) ? name : "sensor";
}

function kindInWords(domain) {
  const key = `home.kind_${domain}`;
  return hasText(key) ? t(key) : domain;
}

function stateInWords(entity) {
  const key = `home.state_${stated(entity)}`;
  const more = detail(entity);
  const isDeed = /^(scene|script|(input_)?button)$/.test(entity.domain);
  if (isDeed && entity.state !== "on") return kindInWords(entity.domain);
  if (entity.domain === "todo") return t("home.items", { count: Number(entity.state) || 0 });
  const state = hasText(key) ? t(key) : entity.state;
  if (!more) return state;
  if (more.text) return entity.domain === "sensor" ? `${state} ${more.text}` : `${state} · ${more.text}`;
  const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 1 }).format(more.value);
  return `${state} · ${number}${more.unit === "percent" ? " %" : "°"}`;
}

function styles() {
  return css`
    .search { flex: 0 1 18rem; }
    section { content-visibility: auto; contain-intrinsic-size: auto 14rem; padding: 2px; }
    h2 { margin-bottom: var(--s2); }
    ul {
      list-style: none; margin: 0; padding: 0; display: grid; gap: var(--s2);
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr));
    }
    .tile {
      display: flex; justify-content: flex-start; align-items: center; gap: var(--s3); width: 100%; min-height: 64px;
      padding: var(--s2) var(--s3); background: var(--card); border: 1px solid var(--line);
      border-radius: var(--radius); text-align: start; font-weight: 400;
    }
    div.tile { background: none; }
    button.tile { box-shadow: var(--shadow); }
    .mark {
      display: grid; place-items: center; width: 40px; height: 40px; flex: none; border-radius: 50%;
      background: var(--sunk); color: var(--muted);
    }
    .tile.on { background: var(--tint); border-color: transparent; }
    .tile.on .mark { background: var(--accent); color: var(--on-accent); }
    .tile.on .state { color: var(--ink); }
    .words { display: grid; min-width: 0; }
    .name { font-weight: 560; overflow-wrap: anywhere; line-height: 1.25; }
    .state { color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .tile[aria-busy="true"] .mark { opacity: .5; }
    @media (max-width: 30rem) {
      .search { flex: 1 1 100%; }
      ul { grid-template-columns: 1fr 1fr; }
      .tile { flex-direction: column; align-items: flex-start; gap: var(--s2); }
      .mark { width: 32px; height: 32px; }
    }
  `;
}

customElements.define("view-home", Home);
