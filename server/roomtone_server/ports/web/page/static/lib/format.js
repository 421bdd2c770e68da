/** Numbers and times, in the reader's language. */

import { language } from "./i18n.js";

/** 840: "840 ms"; 1240: "1.24 s", in units that all languages write alike. Of a quantity that is not there: a dash. */
export function milliseconds(ms) {
  if (ms === null || ms === undefined) return "–";
  const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 2 });
  return ms < 999.5 ? `${number.format(Math.round(ms))}\u202fms` : `${number.format(ms / 1000)}\u202fs`;
}

/** Of bytes, in decimal units: "142 MB". */
export function bytes(count) {
  const step = Math.min(Math.max(Math.floor(Math.log10(Math.max(count, 1)) / 3), 0), 4);
  const name = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"][step];
  const value = count / 1000 ** step;
  return unit(value < 10 && step > 1 ? Math.round(value * 10) / 10 : Math.round(value), name);
}

/** 0.5: "50 %", as the language writes it. */
export const percent = (share) => new Intl.NumberFormat(language(), { style: "percent" }).format(share);

/** The time of day, and the day where it is not today's. `when`: Unix seconds, or what Date reads. */
export function moment(when) {
  const date = asDate(when);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const parts = isToday ? time : { ...time, day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(language(), parts).format(date);
}

/** "3 minutes ago". `when`: as above. */
export function ago(when, now = Date.now()) {
  const seconds = Math.round((asDate(when).getTime() - now) / 1000);
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [name, size] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? steps[3];
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(Math.trunc(seconds / size), name);
}

const asDate = (when) => new Date(typeof when === "number" ? when * 1000 : when);

function unit(value, name) {
  const style = { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 2 };
  return new Intl.NumberFormat(language(), style).format(value);
}
