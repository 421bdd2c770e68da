/** Who looks at this page, and what that person may. */

import { api } from "./api.js";

let _session = { state: "login", scopes: [] };

/** @returns {Promise<{state: "setup"|"login"|"in", kind?: string, name?: string, scopes: string[]}>} asked anew */
export async function askSession() {
  _session = { scopes: [], ...(await api("session")) };
  return _session;
}

/** @param {"read"|"speak"|"control"|"admin"|"metrics"} scope */
export const may = (scope) => _session.scopes.includes(scope);

/** Whether Home Assistant shows the page, inside of its own. */
export const isInHomeAssistant = () => _session.kind === "ingress";

/** @returns {number} where the page is by HTTPS, as far as the server knows */
export const httpsPort = () => _session.https_port ?? 8763;

/** After a line that was refused, which does not say why: has somebody ended this browser's session meanwhile? */
export async function checkSession() {
  const { state } = await api("session").catch(() => _session); // nobody answers: nothing is known
  if (state !== "in") dispatchEvent(new Event("roomtone-session-lost"));
}

/** Ends this browser's session; the page asks for the password again. */
export async function leave() {
  await api("session", { method: "DELETE" });
  dispatchEvent(new Event("roomtone-session-lost"));
}
