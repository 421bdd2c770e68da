import assert from "node:assert/strict";
import { test } from "node:test";

import {
  changed,
  detail,
  found,
  isActive,
  stated,
  tapped,
} from "../../server/roomtone_server/ports/web/page/static/views/home/entities.js";

const entity = (id, state, attributes = {}, name = id) => ({ id, name, domain: id.split(".")[0], state, attributes });
const KITCHEN = {
  id: "Kitchen",
  name: "Kitchen",
  floor: null,
  entities: [
    entity("sensor.humidity", "62", { unit_of_measurement: "%" }, "Humidity"),
    entity("light.zone", "on", { brightness: 128 }, "Zone"),
    entity("light.cafe", "off", {}, "Café lamp"),
  ],
};
const OFFICE = { id: "Office", name: "Office", floor: "Upstairs", entities: [entity("switch.fan", "off", {}, "Fan")] };
const kindOf = (domain) => ({ light: "Light", sensor: "Sensor", switch: "Switch" })[domain];

test("a tap turns a thing to its other state", () => {
  const taps = [
    ["light.a", "on", "light.turn_off"],
    ["light.a", "off", "light.turn_on"],
    ["cover.a", "closed", "cover.open_cover"],
    ["lock.a", "locked", "lock.unlock"],
    ["climate.a", "heat_cool", "climate.turn_off"],
    ["media_player.a", "playing", "media_player.media_pause"],
    ["vacuum.a", "cleaning", "vacuum.return_to_base"],
    ["scene.a", "2026-01-01", "scene.turn_on"],
    ["button.a", "unknown", "button.press"],
  ];
  for (const [id, state, service] of taps) assert.equal(tapped(entity(id, state)), service);
});

test("what only tells, or cannot be reached, is not tapped", () => {
  for (const [id, state] of [
    ["sensor.a", "20"],
    ["binary_sensor.a", "on"],
    ["light.a", "unavailable"],
    ["cover.a", "opening"],
    ["alarm_control_panel.a", "disarmed"],
    ["weather.a", "sunny"],
  ])
    assert.equal(tapped(entity(id, state)), null);
});

test("what is on is told from what is not", () => {
  assert.ok(isActive(entity("cover.a", "open")));
  assert.ok(!isActive(entity("lock.a", "locked")));
  assert.ok(!isActive(entity("binary_sensor.a", "on")));
});

test("an entity's detail is what a glance wants", () => {
  assert.deepEqual(detail(entity("light.a", "on", { brightness: 128 })), { value: 50, unit: "percent" });
  assert.equal(detail(entity("light.a", "off", { brightness: 0 })), null);
  assert.deepEqual(detail(entity("climate.a", "heat", { current_temperature: 20.5, temperature: 21 })), {
    value: 20.5,
    unit: "degrees",
  });
  assert.deepEqual(detail(entity("media_player.a", "playing", { media_title: "Bach", volume_level: 0.3 })), {
    text: "Bach",
  });
  assert.deepEqual(detail(entity("media_player.a", "idle", { volume_level: 0.3 })), { value: 30, unit: "percent" });
});

test("lights stand before all else, and areas without a match are left out", () => {
  const ids = (areas) => areas.map((area) => area.entities.map((each) => each.id));
  assert.deepEqual(ids(found([KITCHEN, OFFICE], "", kindOf)), [
    ["light.cafe", "light.zone", "sensor.humidity"],
    ["switch.fan"],
  ]);
  assert.deepEqual(ids(found([KITCHEN, OFFICE], "cafe", kindOf)), [["light.cafe"]]);
  assert.deepEqual(ids(found([KITCHEN, OFFICE], "kitchen light", kindOf)), [["light.cafe", "light.zone"]]);
  assert.deepEqual(found([KITCHEN, OFFICE], "nothing such", kindOf), []);
});

test("a change leaves all other areas as they are", () => {
  const after = changed([KITCHEN, OFFICE], { id: "switch.fan", state: "on" });
  assert.equal(after[0], KITCHEN);
  assert.equal(after[1].entities[0].state, "on");
  assert.equal(after[1].entities[0].name, "Fan");
  assert.equal(OFFICE.entities[0].state, "off");
});

test("a binary sensor tells what it means, where its device class is known", () => {
  const sensor = (kind, state) => stated({ ...entity("binary_sensor.a", state), device_class: kind });
  assert.deepEqual(["window", "motion", "lock", "plug", null].map((kind) => sensor(kind, "on")), [
    "open", "detected", "unlocked", "on", "on",
  ]);
  assert.equal(sensor("window", "off"), "closed");
  assert.equal(sensor("window", "unavailable"), "unavailable");
  assert.equal(stated({ ...entity("switch.a", "on"), device_class: "window" }), "on");
});
