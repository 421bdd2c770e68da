/** Small pieces of views, as templates: what is used in more than one of them. */

import { html, nothing } from "../vendor/lit.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

export { icon };

/** Nothing to see yet, and what to do about it. */
export const empty = (name, title, text = nothing) =>
  html`<div class="empty">${icon(name)}<h2>${title}</h2><p>${text}</p></div>`;

/** Something is being fetched. */
export const waiting = () => html`<p class="empty" role="status">${t("shell.loading")}</p>`;

/**
 * An error in words, and a button to try again where there is something to try.
 * @param {Error|null} error
 * @param {() => void} [again]
 */
export function trouble(error, again) {
  if (!error) return nothing;
  const button = again ? html`<button @click=${again}>${t("shell.again")}</button>` : nothing;
  return html`<div class="note bad row spread" role="alert"><p class="grow">${inWords(error)}</p>${button}</div>`;
}

/** A text in which what stands between backticks is to be typed. */
export const withCode = (text) => text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

/** One sentence for people. */
export const inWords = (error) => (error.status === 0 ? t("shell.nobody_answers") : error.message);

/**
 * Says something in passing: it goes by itself after some seconds.
 * @param {string|Error} what
 */
export function toast(what) {
  const detail = what instanceof Error ? { text: inWords(what), bad: true } : { text: what, bad: false };
  dispatchEvent(new CustomEvent("roomtone-toast", { detail }));
}

/**
 * Does something with an effect; an error is said in passing.
 * @returns {Promise<boolean>} whether it was done
 */
export async function attempt(action, done = "") {
  try {
    await action();
    if (done) toast(done);
    return true;
  } catch (error) {
    toast(error);
    return false;
  }
}
