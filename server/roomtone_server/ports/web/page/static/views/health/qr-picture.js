/** A link as a QR code, dark on light whatever the page is: so do all cameras know it. */

import { html, nothing } from "../../vendor/lit.js";
import { t } from "../../lib/i18n.js";
import { qrCode } from "../../lib/qr.js";

const QUIET = 4; // modules around it

/** @param {string} link @returns {unknown} a template; nothing where the link is too long */
export function picture(link) {
  const rows = qrCode(link);
  if (!rows) return nothing;
  const size = rows.length + 2 * QUIET;
  const dark = rows.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  return html`
    <svg class="qr" viewBox="-${QUIET} -${QUIET} ${size} ${size}" shape-rendering="crispEdges" role="img"
      aria-label=${t("health.qr")}><path d=${dark.join("")}></path></svg>`;
}
