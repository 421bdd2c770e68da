/** How long each stage takes, over a day: percentiles in a table, and a small plot of each. */

import { css, html, nothing, svg } from "../../vendor/lit.js";
import { milliseconds } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { HEIGHT, WIDTH, plot } from "./plots.js";
import { STAGES } from "./waterfall.js";

export const figureStyles = css`
  .stats th, .stats td { padding: var(--s1) var(--s2) var(--s1) 0; font-size: .875rem; line-height: 1.25; }
  .stats td { white-space: nowrap; }
  .stats :is(th, td):last-child { padding-right: 0; }
  .stats th.whole { color: var(--ink); font-weight: 620; }
  .stats svg { display: block; width: 100%; min-width: 64px; height: 30px; overflow: visible; }
  .stats path { fill: none; stroke-width: 1.75; stroke-linecap: round; vector-effect: non-scaling-stroke; }
  .stats .band { fill: var(--plot-1); opacity: .16; }
  .stats .line { stroke: var(--plot-1); stroke-linejoin: round; }
  .stats .worst { stroke: var(--plot-2); stroke-width: 3; }
  .stats .base { stroke: var(--line); }
  .keys { display: flex; gap: var(--s4); margin-top: var(--s3); }
  .keys span::before {
    content: ""; display: inline-block; width: 14px; height: 3px; margin-right: 6px; border-radius: 2px;
    vertical-align: middle; background: var(--plot-1);
  }
  .keys .wide::before { height: 10px; opacity: .3; }
  .keys .dot::before { width: 5px; height: 5px; background: var(--plot-2); }
`;

/** @param {object} stats a TurnStats */
export function figuresTable(stats) {
  const of = (stage) => stats.buckets.map((each) => each.stages[stage]);
  return html`
    <div class="scrolled">
      <table class="stats">
        <caption class="hidden-text">${t("turns.figures_of", { hours: stats.hours })}</caption>
        <thead>
          <tr>
            <th scope="col">${t("turns.stage")}</th><th scope="col">${t("turns.over_day")}</th>
            ${["p50", "p95", "p99"].map((name) => html`<th scope="col" class="number">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${row("v2v", stats.v2v_ms, stats.buckets.map((each) => each.v2v_ms))}
          ${STAGES.map((stage) => row(stage, stats.stages[stage], of(stage)))}
        </tbody>
      </table>
    </div>
    <p class="keys small muted" aria-hidden="true">
      <span>p50</span><span class="wide">p50 – p95</span><span class="dot">p99</span>
    </p>`;
}

function row(name, figures, buckets) {
  if (!figures) return nothing;
  const stage = t(`turns.stage_${name}`);
  const { line, band, worst } = plot(buckets.map((each) => each ?? null));
  const says = t("turns.plot", { stage, count: figures.count, p50: milliseconds(figures.p50) });
  return html`
    <tr>
      <th scope="row" class=${name === "v2v" ? "whole" : ""}>${stage}</th>
      <td>
        <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${says}>${svg`
          <path class="base" d="M0 ${HEIGHT - 1}H${WIDTH}"></path>
          <path class="band" d=${band}></path>
          <path class="line" d=${line}></path>
          <path class="worst" d=${worst.map(({ x, y }) => `M${x} ${y}h0`).join("")}></path>`}
        </svg>
      </td>
      ${[figures.p50, figures.p95, figures.p99].map((ms) => html`<td class="number">${milliseconds(ms)}</td>`)}
    </tr>`;
}
