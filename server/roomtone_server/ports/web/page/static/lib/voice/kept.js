/** What this browser keeps of how its person talks. */

const KEPT_AS = "roomtone-talk";
const FIRST = { mode: "hold", name: "", area: "", device: "", volume: 1 };

/**
 * @returns {{browser: string, mode: "hold"|"wake"|"open", name: string, area: string, device: string, volume: number}}
 *   `browser` is chosen once; `area` and `device` are ids, empty for none in particular; `volume` is 0 to 1
 */
export function kept() {
  const settings = { ...FIRST, ...read() };
  if (settings.browser) return settings;
  const browser = crypto.getRandomValues(new BigUint64Array(2)).join("");
  keep({ ...settings, browser });
  return { ...settings, browser };
}

export const keep = (settings) => localStorage.setItem(KEPT_AS, JSON.stringify(settings));

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS)) ?? {};
  } catch {
    return {}; // somebody wrote something else there
  }
}
