/** How long each stage takes, over a day: percentiles in a table, and a small plot of each. */

import { LitElement, css, html, svg } from "../../vendor/lit.js";
import { milliseconds } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { look } from "../../lib/look.js";
import { HEIGHT, WIDTH, plot } from "./plots.js";
import { STAGES } from "./waterfall.js";

const PLOTS = css`
  th, td { padding: var(--s1) var(--s2) var(--s1) 0; font-size: .875rem; line-height: 1.25; }
  td { white-space: nowrap; }
  td:last-child, th:last-child { padding-right: 0; }
  th.whole { color: var(--ink); font-weight: 620; }
  td svg { display: block; width: 100%; min-width: 64px; height: 30px; overflow: visible; }
  .band { fill: var(--plot-1); opacity: .16; stroke: none; }
  .line { fill: none; stroke: var(--plot-1); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
  .worst { fill: none; stroke: var(--plot-2); stroke-width: 4; stroke-linecap: round; vector-effect: non-scaling-stroke; }
  .base { stroke: var(--line); vector-effect: non-scaling-stroke; }
  ul { display: flex; flex-wrap: wrap; gap: 0 var(--s4); margin: var(--s3) 0 0; padding: 0; list-style: none; }
  .key { display: inline-block; width: 14px; height: 3px; margin-right: 6px; border-radius: 2px; vertical-align: middle; background: var(--plot-1); }
  .key.wide { height: 10px; opacity: .3; }
  .key.dot { width: 5px; height: 5px; background: var(--plot-2); }
`;

export class FiguresTable extends LitElement {
  static styles = [look, PLOTS];
  static properties = { stats: { attribute: false } };

  render() {
    const { stats } = this;
    const stages = STAGES.filter((stage) => stats.stages[stage]);
    return html`
      <div class="scrolled">
        <table>
          <caption class="hidden-text">${t("turns.figures_of", { hours: stats.hours })}</caption>
          <thead>
            <tr>
              <th scope="col">${t("turns.stage")}</th>
              <th scope="col">${t("turns.over_day")}</th>
              ${["p50", "p95", "p99"].map((name) => html`<th scope="col" class="number">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${this._row("v2v", stats.v2v_ms, stats.buckets.map((bucket) => bucket.v2v_ms))}
            ${stages.map((stage) => this._row(stage, stats.stages[stage], stats.buckets.map((each) => each.stages[stage])))}
          </tbody>
        </table>
      </div>
      <ul class="small muted" aria-hidden="true">
        <li><span class="key"></span>p50</li>
        <li><span class="key wide"></span>p50 – p95</li>
        <li><span class="key dot"></span>p99</li>
      </ul>`;
  }

  _row(name, figures, buckets) {
    if (!figures) return "";
    const { line, band, worst } = plot(buckets.map((each) => each ?? null));
    const says = t("turns.plot", { stage: t(`turns.stage_${name}`), count: figures.count, p50: milliseconds(figures.p50) });
    return html`
      <tr>
        <th scope="row" class=${name === "v2v" ? "whole" : ""}>${t(`turns.stage_${name}`)}</th>
        <td>
          <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${says}>
            ${svg`<path class="base" d="M0 ${HEIGHT - 1}H${WIDTH}"></path><path class="band" d=${band}></path>
              <path class="line" d=${line}></path>
              <path class="worst" d=${worst.map(({ x, y }) => `M${x} ${y}h0`).join("")}></path>`}
          </svg>
        </td>
        ${[figures.p50, figures.p95, figures.p99].map((ms) => html`<td class="number">${milliseconds(ms)}</td>`)}
      </tr>`;
  }
}

customElements.define("figures-table", FiguresTable);
