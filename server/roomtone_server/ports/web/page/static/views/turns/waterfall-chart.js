/** A turn's waterfall: a table, whose middle column is drawn. Who does not see the bars reads their times. */

import { css, html, nothing, svg } from "../../vendor/lit.js";
import { milliseconds } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { View } from "../../lib/view.js";
import { layout } from "./waterfall.js";

const CHART = css`
  table { table-layout: fixed; }
  th, td { padding: 0; border: 0; line-height: 1.3; }
  .name { width: 7.2em; }
  .length { width: 5.2em; }
  th button {
    min-height: 26px; padding: 0; border: 0; background: none; color: inherit; font-weight: 500; text-align: start;
  }
  tbody tr:hover th, tbody tr:focus-within th { color: var(--ink); }
  td.number { font-size: .875rem; }
  svg { display: block; width: 100%; height: 28px; overflow: visible; }
  .axis svg { height: 18px; }
  .grid { stroke: var(--line); }
  text { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
  rect { rx: 3px; }
  .wake, .speech { fill: var(--plot-2); }
  .silence { fill: var(--muted); opacity: .4; }
  .stt, .agent, .tts { fill: var(--plot-1); }
  .speaker, .sound { fill: var(--plot-3); }
  .v2v { fill: none; stroke: var(--ink); stroke-width: 1.5; }
  tr.whole th, tr.whole td { color: var(--ink); font-weight: 620; }
  .hatch path { stroke-width: 3; fill: none; }
  .kept path { stroke: var(--plot-1); }
  .gone path { stroke: var(--muted); }
  .speculation { stroke: var(--muted); fill: url(#gone); }
  .speculation.committed { stroke: var(--plot-1); fill: url(#kept); }
  .speculation.open { stroke-dasharray: 3 2; }
  .meaning { min-height: 2.7em; padding-top: var(--s2); }
`;

export class WaterfallChart extends View {
  static styles = [View.styles, CHART];
  static properties = {
    /** As `layout` takes it: stages, v2vMs, speculations. */
    turn: { attribute: false },
    _meant: { state: true },
  };

  constructor() {
    super();
    this._meant = "";
  }

  render() {
    const narrow = this.clientWidth > 0 && this.clientWidth < 420;
    const { rows, v2v, speculations, marks } = layout(this.turn, narrow ? 3 : 6);
    return html`
      <table @mouseleave=${() => this._explain("")}>
        <caption class="hidden-text">${t("turns.chart")}</caption>
        <colgroup><col class="name"><col><col class="length"></colgroup>
        <thead class="hidden-text">
          <tr><th scope="col">${t("turns.stage")}</th><th scope="col">${t("turns.when")}</th>
            <th scope="col">${t("turns.length")}</th></tr>
        </thead>
        <tbody>
          ${rows.map((row) => this._row(row.stage, [row], marks))}
          ${speculations.length ? this._row("ahead", speculations, marks) : nothing}
          ${v2v ? this._row("v2v", [v2v], marks) : nothing}
        </tbody>
      </table>
      <table class="axis" aria-hidden="true">
        <colgroup><col class="name"><col><col class="length"></colgroup>
        <tr>
          <td></td>
          <td><svg>${marks.map(({ x, ms }) => svg`<text x="${x}%" y="12">${ms && milliseconds(ms)}</text>`)}</svg></td>
          <td></td>
        </tr>
      </table>
      <p class="meaning small muted" aria-hidden="true">
        ${this._meant ? t(`turns.means_${this._meant}`) : t("turns.point")}
      </p>`;
  }

  _row(name, bars, marks) {
    const explain = () => this._explain(name);
    const lengthMs = bars.reduce((sum, each) => sum + each.endMs - each.beginMs, 0);
    return html`
      <tr class=${name === "v2v" ? "whole" : ""} @mouseenter=${explain}>
        <th scope="row"><button @focus=${explain} @click=${explain}>${t(`turns.stage_${name}`)}</button>
          <span class="hidden-text">${t(`turns.means_${name}`)}</span></th>
        <td>
          <svg aria-hidden="true">
            ${name === "ahead" ? HATCHES : nothing}
            ${marks.map(({ x }) => svg`<line class="grid" x1="${x}%" x2="${x}%" y1="0" y2="28"></line>`)}
            ${bars.map((bar) => drawnBar(name, bar))}
          </svg>
          <span class="hidden-text">${bars.map((bar) => inWords(bar)).join("; ")}</span>
        </td>
        <td class="number">${milliseconds(lengthMs)}</td>
      </tr>`;
  }

  _explain(name) {
    this._meant = name;
  }
}

/** Lines across, in the colour of what was kept and of what was thrown away. */
const HATCHES = svg`<defs>${["kept", "gone"].map(
  (id) => svg`
    <pattern id=${id} class="hatch ${id}" width="7" height="7" patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)">
      <path d="M0 0V7"></path>
    </pattern>`,
)}</defs>`;

function drawnBar(name, { x, width, fate }) {
  const look = name === "ahead" ? `speculation ${fate}` : name;
  return svg`<rect class=${look} x="${x}%" y="7" width="${width}%" height="14"></rect>`;
}

function inWords({ beginMs, endMs, fate }) {
  const times = t("turns.from_to", { begin: milliseconds(beginMs), end: milliseconds(endMs) });
  return fate ? `${times}: ${t(`turns.fate_${fate}`)}` : times;
}

customElements.define("waterfall-chart", WaterfallChart);
