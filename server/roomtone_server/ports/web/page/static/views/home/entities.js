/** The entities of a home as its view shows them: in which order, by which words found, what a tap does. Pure. */

/**
 * @typedef {{id: string, name: string, domain: string, state: string, area: string | null,
 *   device_class?: string | null, attributes: Record<string, any>}} Entity
 * @typedef {{id: string, name: string, floor?: string | null, entities: Entity[]}} Area
 * @typedef {{service: string, asks: boolean}} Act
 */

/** What people reach for first stands first; any other kind comes behind, by its name. */
const ORDER = [
  "light",
  "switch",
  "input_boolean",
  "fan",
  "cover",
  "valve",
  "climate",
  "media_player",
  "lock",
  "alarm_control_panel",
  "vacuum",
  "lawn_mower",
  "scene",
  "script",
  "button",
  "input_button",
  "todo",
];

const SWITCHED = { on: "turn_off", off: "turn_on" };
const STARTED = { docked: "start", idle: "start", paused: "start", cleaning: "return_to_base" };
const MOWN = { docked: "start_mowing", paused: "start_mowing", mowing: "dock" };

/** By domain and state: the service that a tap calls. `""` stands for any other. */
const SERVICES = {
  light: SWITCHED,
  switch: SWITCHED,
  input_boolean: SWITCHED,
  fan: SWITCHED,
  cover: { open: "close_cover", closed: "open_cover" },
  valve: { open: "close_valve", closed: "open_valve" },
  climate: { off: "turn_on", "": "turn_off" },
  media_player: {
    off: "turn_on",
    on: "media_play",
    idle: "media_play",
    paused: "media_play",
    playing: "media_pause",
  },
  lock: { locked: "unlock", unlocked: "lock" },
  vacuum: STARTED,
  lawn_mower: MOWN,
  scene: { "": "turn_on" },
  script: { "": "turn_on" },
  button: { "": "press" },
  input_button: { "": "press" },
};

/** States in which an entity is drawn as active. */
const ACTIVE = new Set([
  "on",
  "open",
  "opening",
  "playing",
  "unlocked",
  "cleaning",
  "mowing",
  "heat",
  "cool",
  "heat_cool",
  "auto",
  "dry",
  "fan_only",
  "triggered",
]);

const OPENED = { on: "open", off: "closed" };
const NOTICED = { on: "detected", off: "clear" };

/** What a binary sensor means, by Home Assistant's device class; any other is on or off. */
const MEANT = {
  door: OPENED,
  garage_door: OPENED,
  opening: OPENED,
  window: OPENED,
  lock: { on: "unlocked", off: "locked" },
  presence: { on: "home", off: "not_home" },
  carbon_monoxide: NOTICED,
  gas: NOTICED,
  moisture: NOTICED,
  motion: NOTICED,
  occupancy: NOTICED,
  smoke: NOTICED,
  sound: NOTICED,
  vibration: NOTICED,
};

/**
 * @param {Entity} entity
 * @returns {string} its state, as a person would name it
 */
export const stated = ({ domain, state, device_class: kind }) =>
  (domain === "binary_sensor" && MEANT[kind]?.[state]) || state;

/** @param {Entity} entity */
export const isActive = ({ domain, state }) => ACTIVE.has(state) && domain !== "binary_sensor" && domain !== "script";

/**
 * @param {Entity} entity
 * @returns {string | null} the service that a tap on it calls; null: it only tells
 */
export function tapped({ domain, state }) {
  const services = SERVICES[domain] ?? {};
  const name = services[state] ?? (state === "unavailable" ? undefined : services[""]);
  return name ? `${domain}.${name}` : null;
}

/**
 * What else its attributes say, as a number with its unit or as a text; null: nothing worth a glance.
 * @param {Entity} entity
 * @returns {{value: number, unit: "percent" | "degrees"} | {text: string} | null}
 */
export function detail({ domain, state, attributes }) {
  const {
    brightness,
    percentage,
    current_position: position,
    volume_level: volume,
    media_title: title,
    current_temperature: measured,
    temperature,
    unit_of_measurement: unit,
  } = attributes;
  const percent = (value) => ({ value: Math.round(value), unit: "percent" });
  if (domain === "light" && state === "on" && brightness) return percent((brightness / 255) * 100);
  if (domain === "fan" && state === "on" && percentage) return percent(percentage);
  if (domain === "cover" && position > 0 && position < 100) return percent(position);
  if (domain === "media_player" && state === "playing" && title) return { text: title };
  if (domain === "media_player" && state !== "off" && volume !== undefined) return percent(volume * 100);
  const degrees = measured ?? temperature;
  if ((domain === "climate" || domain === "weather") && degrees !== undefined)
    return { value: degrees, unit: "degrees" };
  return domain === "sensor" && unit ? { text: unit } : null;
}

/**
 * The areas that have any entity all of whose wanted words are in its name, its area or its kind.
 * @param {Area[]} areas
 * @param {string} wanted
 * @param {(domain: string) => string} kindOf the kind's name in the reader's language
 * @returns {Area[]} with those entities, in the order of `ORDER` and then of their names
 */
export function found(areas, wanted, kindOf) {
  const words = folded(wanted).split(/\s+/).filter(Boolean);
  return areas
    .map((area) => ({
      ...area,
      entities: area.entities.filter((each) => has(each, area, words, kindOf)).sort(inOrder),
    }))
    .filter((area) => area.entities.length > 0);
}

/**
 * The areas after one of their entities has changed; all others stay the objects that they were.
 * @param {Area[]} areas
 * @param {Partial<Entity> & {id: string}} entity
 */
export function changed(areas, entity) {
  const after = (each) => (each.id === entity.id ? { ...each, ...entity } : each);
  return areas.map((area) =>
    area.entities.some((each) => each.id === entity.id) ? { ...area, entities: area.entities.map(after) } : area,
  );
}

function has(entity, area, words, kindOf) {
  if (words.length === 0) return true;
  const text = folded(`${entity.name} ${area.name} ${kindOf(entity.domain)}`);
  return words.every((word) => text.includes(word));
}

function inOrder(one, other) {
  return rank(one) - rank(other) || one.name.localeCompare(other.name);
}

function rank({ domain }) {
  const index = ORDER.indexOf(domain);
  return index < 0 ? ORDER.length : index;
}

/** Case and accents do not count; marks of other scripts than Latin are letters of their own. */
function folded(text) {
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();
}
