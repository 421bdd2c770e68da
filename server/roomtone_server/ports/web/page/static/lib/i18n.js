/** Texts, in the reader's language. Each view has a section: texts/LANGUAGE/SECTION.json, one level of keys. */

export const LANGUAGES = { en: "English", de: "Deutsch", hi: "हिन्दी" };

const KEPT_AS = "roomtone-language";
const _sections = new Map(); // section: texts of the language that is shown

let _language = chosen(globalThis.localStorage?.getItem(KEPT_AS), globalThis.navigator?.languages ?? []);

/**
 * The language to show: the one that was kept, else the first of the browser's that there are texts in.
 * @param {string|null|undefined} kept
 * @param {readonly string[]} wanted language tags, the favourite first
 */
export function chosen(kept, wanted) {
  if (kept && kept in LANGUAGES) return kept;
  return wanted.map((tag) => tag.split("-")[0].toLowerCase()).find((code) => code in LANGUAGES) ?? "en";
}

export const language = () => _language;

/** Fetches a section, unless it is there. Rejects with TypeError when it cannot be had. */
export async function loadTexts(section) {
  if (!_sections.has(section)) _sections.set(section, await fetched(section, _language));
}

/** Changes the language for this browser, for good; everything that was loaded is fetched anew. */
export async function setLanguage(code) {
  const names = [..._sections.keys()];
  const texts = await Promise.all(names.map((name) => fetched(name, code)));
  names.forEach((name, index) => _sections.set(name, texts[index]));
  _language = code;
  localStorage.setItem(KEPT_AS, code);
  document.documentElement.lang = code;
  dispatchEvent(new Event("roomtone-language"));
}

/**
 * A text: t("talk.title"), t("talk.wake", {words}). `{words}` in the text is what `values` has.
 * A text that depends on a number is an object by plural category, chosen by `values.count`.
 * @param {string} key section and name
 * @param {Record<string, unknown>} [values]
 * @returns {string} the key itself where there is no such text, so that it is seen
 */
export function t(key, values = {}) {
  const [section, name] = key.split(".", 2);
  return filled(_sections.get(section)?.[name], values, _language) ?? key;
}

/** Whether there is such a text: for what the server names and the page may not know. */
export function hasText(key) {
  const [section, name] = key.split(".", 2);
  return _sections.get(section)?.[name] !== undefined;
}

/** A text with its values put in; undefined for undefined. Exported for its tests. */
export function filled(text, values, code) {
  if (text === undefined) return undefined;
  const form = typeof text === "string" ? text : (text[new Intl.PluralRules(code).select(values.count)] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

async function fetched(section, code) {
  const answer = await fetch(new URL(`../texts/${code}/${section}.json`, import.meta.url));
  if (!answer.ok) throw new TypeError(`no texts for ${section}`);
  return answer.json();
}
