/** JSON's values written as YAML, for people to read. Pure. */

const PLAIN = /^[A-Za-z_/~][\w ./@+-]*$/; // texts that mean themselves without quotes
const WORDS = new Set(["true", "false", "null", "yes", "no", "on", "off", "~"]); // that would mean something else

/**
 * @param {unknown} value
 * @param {string} [indent]
 * @returns {string} without a line break at its end
 */
export function asYaml(value, indent = "") {
  if (value === null || typeof value !== "object") return scalar(value);
  const parts = Array.isArray(value) ? value.map((each) => ["-", each]) : Object.entries(value);
  if (parts.length === 0) return Array.isArray(value) ? "[]" : "{}";
  if (Array.isArray(value) && value.every(isScalar)) return `[${value.map(scalar).join(", ")}]`;
  return parts.map(([key, each]) => indent + part(key, each, indent)).join("\n");
}

function part(key, value, indent) {
  const name = key === "-" ? "-" : `${scalar(key)}:`;
  const deeper = `${indent}  `;
  const text = asYaml(value, deeper);
  if (isScalar(value) || /^[[{]/.test(text)) return `${name} ${text}`;
  return key === "-" ? `- ${text.slice(deeper.length)}` : `${name}\n${text}`;
}

const isScalar = (value) => value === null || typeof value !== "object";

function scalar(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  return PLAIN.test(value) && !WORDS.has(value.toLowerCase()) ? value : JSON.stringify(value);
}
