import assert from "node:assert/strict";
import { test } from "node:test";

import { asYaml } from "../../server/roomtone_server/ports/web/page/static/views/health/yaml.js";

test("settings read as server.yaml writes them", () => {
  const settings = {
    name: "attic",
    web: { port: 8760, certificate: null, proxies: [] },
    stt: [{ engine: "whisper", options: { model: "base.en" } }, "pocketsphinx"],
    llm: { api_key: "********" },
    confirm: ["unlock", "garage"],
    tools: {},
  };
  assert.equal(
    asYaml(settings),
    `name: attic
web:
  port: 8760
  certificate: null
  proxies: []
stt:
  - engine: whisper
    options:
      model: base.en
  - pocketsphinx
llm:
  api_key: "********"
confirm: [unlock, garage]
tools: {}`,
  );
});

test("a text that would read as something else is quoted", () => {
  const quoted = ["yes", "Null", "8760", "", " a", "a: b", "#", "- a", "a #b", "1e3", "[a]"];
  for (const text of quoted) assert.equal(asYaml({ key: text }), `key: ${JSON.stringify(text)}`);
  for (const text of ["en", "/home/me/my file.yaml", "base.en"]) assert.equal(asYaml({ key: text }), `key: ${text}`);
});
