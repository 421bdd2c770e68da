import { css, html, nothing } from "../vendor/lit.js";
import { api } from "../lib/api.js";
import { attempt, icon, trouble, waiting, withCode } from "../lib/elements.js";
import { follow } from "../lib/events.js";
import { moment } from "../lib/format.js";
import { language, t } from "../lib/i18n.js";
import { may } from "../lib/session.js";
import { View } from "../lib/view.js";
import "./health/access-panel.js";
import "./health/settings-panel.js";

const ROOMS = ["", "access", "settings"]; // of this view: what stands behind #/health/
const URGENT = ["broken", "degraded"];
const CALM = ["works", "note"];

export default class Health extends View {
  static properties = {
    _health: { state: true }, // null: not fetched yet
    _trouble: { state: true },
    _fixing: { state: true }, // the fix that is being done
  };
  static styles = [View.styles, styles()];

  constructor() {
    super();
    this._health = this._trouble = null;
    this._fixing = "";
  }

  connectedCallback() {
    super.connectedCallback();
    this._unfollow = follow(["health"], {
      opened: () => this._load(),
      lost: () => this._health ?? this._load(),
      health: () => this._load(),
    });
  }

  disconnectedCallback() {
    this._unfollow();
    super.disconnectedCallback();
  }

  /** The doctor takes a while: what the server knows of itself is there at once. */
  async _load() {
    try {
      this._health ??= await fetch("health").then((answer) => answer.json()).catch(() => null);
      this._health = await api("health");
      this._trouble = null;
    } catch (error) {
      this._trouble = error;
    }
  }

  async _fix(finding) {
    this._fixing = finding.fix;
    await attempt(() => api(`health/fixes/${finding.fix}`, { method: "POST" }), t("health.fixed"));
    this._fixing = "";
    await this._load();
  }

  render() {
    const [room = ""] = this.path;
    return html`
      <header class="stack tight">
        <h1>${t("health.title")}</h1>
        ${may("admin") ? this._rooms(room) : nothing}
      </header>
      ${room === "access" && may("admin") ? html`<access-panel></access-panel>` : nothing}
      ${room === "settings" && may("admin") ? html`<settings-panel></settings-panel>` : nothing}
      ${room === "" ? this._examined() : nothing}`;
  }

  _rooms(room) {
    return html`
      <nav aria-label=${t("health.title")}>
        ${ROOMS.map((each) => html`
          <a href=${each ? `#/health/${each}` : "#/health"} aria-current=${each === room ? "page" : nothing}>
            ${t(`health.room_${each || "checks"}`)}</a>`)}
      </nav>`;
  }

  _examined() {
    if (!this._health) return this._trouble ? trouble(this._trouble, () => this._load()) : waiting();
    const { findings = [] } = this._health;
    const of = (states) => findings.filter(({ state }) => states.includes(state));
    return html`
      <div class="stack">
        ${trouble(this._trouble, () => this._load())}
        ${this._whole()}
        ${of(URGENT).sort(byUrgency).map((each) => this._finding(each))}
        ${this._engines()}
        ${of(CALM).length ? html`
          <details class="card">
            <summary><h2>${t("health.all_else", { count: of(CALM).length })}</h2></summary>
            <ul class="plain">${of(CALM).map((each) => html`<li>${this._finding(each)}</li>`)}</ul>
          </details>` : this._trouble ? nothing : waiting()}
        ${may("admin") ? html`
          <p class="row small">
            <a href="metrics">${t("health.metrics")}</a><a href="api/openapi.json">${t("health.api")}</a>
          </p>` : nothing}
      </div>`;
  }

  _whole() {
    const { status, name, version, uptime_s: uptimeS, faults, satellites, unheard_names: unheard = [] } = this._health;
    return html`
      <section class="card row spread">
        <div class="row grow">
          <span class="sign ${status}">${icon(status === "ok" ? "check" : "warning")}</span>
          <div class="grow">
            <h2>${t(`health.status_${status}`)}</h2>
            <p class="muted small">${name} · ${version} ·
              ${t("health.since", { time: moment(Date.now() / 1000 - uptimeS) })} ·
              ${t("health.satellites", { count: satellites.length })}</p>
          </div>
        </div>
        <button @click=${this._load}>${t("health.look_again")}</button>
      </section>
      ${Object.entries(faults).map(([what, why]) => html`
        <section class="note bad" role="status"><h3>${what}</h3><p>${withCode(why)}</p></section>`)}
      ${unheard.length ? html`
        <details class="card"><summary><h2>${t("health.unheard", { count: unheard.length })}</h2></summary>
          <p>${t("health.unheard_why")}</p><p class="muted">${unheard.join(", ")}</p></details>` : nothing}`;
  }

  _finding({ subject, state, text, remedy, fix }) {
    return html`
      <article class="finding ${URGENT.includes(state) ? "card" : ""}">
        <div class="row spread">
          <h3>${subject}</h3><span class="chip ${CHIPS[state]}">${t(`health.state_${state}`)}</span>
        </div>
        <p>${withCode(text)}</p>
        ${remedy ? html`<p class="muted small">${withCode(remedy)}</p>` : nothing}
        ${fix && may("admin") ? html`
          <p><button ?disabled=${this._fixing !== ""} @click=${() => this._fix({ fix })}>
            ${fixInWords(fix)}</button></p>` : nothing}
      </article>`;
  }

  _engines() {
    const { engines, chains } = this._health;
    return html`
      <section class="card">
        <h2>${t("health.engines")}</h2>
        <table>
          <thead class="hidden-text">
            <tr><th scope="col">${t("health.kind")}</th><th scope="col">${t("health.engine")}</th></tr>
          </thead>
          <tbody>
            ${Object.entries(engines).map(([kind, { name, why }]) => html`
              <tr>
                <th scope="row">${t(`health.kind_${kind}`)}</th>
                <td><strong>${name}</strong> <span class="muted small">${withCode(why)}</span>
                  ${(chains[kind] ?? []).map((each) => member(each))}</td>
              </tr>`)}
          </tbody>
        </table>
      </section>`;
  }
}

/** "pull:piper/en_GB-alba-medium": what its button says. */
function fixInWords(fix) {
  const [what, name] = fix.split(/:(.*)/s);
  return what === "pull" ? t("health.fix_pull", { name: name.split("/").at(-1) }) : t("health.fix");
}

const CHIPS = { broken: "bad", degraded: "warned", works: "on", note: "" };
const byUrgency = (one, other) => URGENT.indexOf(one.state) - URGENT.indexOf(other.state);

/** One engine of a chain, and whether others stand in for it. */
function member({ name, state, why, rests_s: restsS }) {
  const isWell = state === "works";
  const number = new Intl.NumberFormat(language(), { style: "unit", unit: "second", maximumFractionDigits: 0 });
  return html`
    <p class="small">
      <span class="chip ${isWell ? "on" : "bad"}">${name}: ${t(isWell ? "health.state_works" : "health.rests")}</span>
      ${isWell ? nothing : html`<span class="muted">${why}${restsS ? ` · ${number.format(restsS)}` : ""}</span>`}</p>`;
}

function styles() {
  return css`
    nav { display: flex; gap: var(--s5); border-bottom: 1px solid var(--line); overflow-x: auto; }
    nav a {
      min-height: 44px; align-content: center; color: var(--muted); text-decoration: none;
      border-bottom: 3px solid transparent; white-space: nowrap;
    }
    nav a[aria-current] { color: var(--accent); border-color: var(--accent); font-weight: 560; }
    .sign {
      display: grid; place-items: center; width: 48px; height: 48px; border-radius: 50%; background: var(--tint);
      color: var(--good);
    }
    .sign svg { width: 26px; height: 26px; }
    .sign.degraded, .sign.starting { color: var(--warn); background: var(--sunk); }
    .finding { display: flex; flex-direction: column; gap: var(--s1); }
    .finding p { overflow-wrap: anywhere; }
    .chip.warned { color: var(--warn); }
    h3::first-letter { text-transform: uppercase; }
    .plain { list-style: none; margin: 0; padding: 0; }
    .plain li { padding: var(--s3) 0; border-top: 1px solid var(--line); }
    th { width: 9rem; vertical-align: top; }
    @media (max-width: 30rem) { th { width: 6.5rem; } }
  `;
}

customElements.define("view-health", Health);
