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

export const isOwner = () => _session.kind === "owner" || _session.kind === "ingress";

/** Ends this browser's session; the page asks for the password again. */
export async function leave() {
  await api("session", { method: "DELETE" });
  dispatchEvent(new Event("roomtone-session-lost"));
}
