import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import pino from "pino";
import { beforeAll, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { examine } from "../../../gateway/config/examine.ts";
import { ConfigError, loadConfig, parseConfig } from "../../../gateway/config/load.ts";
import type { ConfigProblem } from "../../../gateway/config/source.ts";
import { ownFollowers } from "../../../gateway/core/log.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { loadPlugins, type Plugins } from "../../../gateway/plugin.ts";

let plugins: Plugins;
beforeAll(async () => {
  plugins = await loadPlugins();
});

import { MemoryCells } from "../../sim/peers/kit.ts";

const env = { PORT: "tcp://127.0.0.1:502", INFLUX_TOKEN: "canary", BROKER: "mqtt://vigie:canary@host" };

/** The lines of the error, or of an empty list when the text is good. */
function complaints(text: string): string[] {
  try {
    parseConfig(text, "site.yaml", plugins, env).verify();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

function problemsOf(look: () => unknown): readonly ConfigProblem[] {
  try {
    look();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

/** What is wrong with a file once its parts have met each other. */
function examined(text: string): string[] {
  const loaded = parseConfig(text, "site.yaml", plugins, env);
  const { site, machines, profile } = loaded.config;
  const context = { clock, meters: new Meters(), say: pino({ level: "silent" }), cells: new MemoryCells() };
  const look = () => examine(loaded, plugins, (id) => ({ ...context, id, site, machines, profile }));
  return problemsOf(look).map(({ path, message }) => `${path}: ${message.en}`);
}

const whole = `site: { id: atelier, name: Atelier, timezone: Europe/Paris, language: fr }
machines:
  - { id: tour-2, name: Tour }
drivers:
  - id: ligne-1
    type: modbus
    port: "\${PORT}"
    devices:
      - { id: compteur, profile: eastron-sdm120, slave: 1, every: 1s, machine: tour-2 }
`;

test("a good file is read, its variables filled in", () => {
  const { config } = parseConfig(whole, "site.yaml", plugins, env);
  expect(config.site).toEqual({ id: "atelier", name: "Atelier", timezone: "Europe/Paris", language: "fr" });
  expect([...config.machines.keys()]).toEqual(["tour-2"]);
  expect(config.drivers.map(({ head }) => head)).toEqual([{ id: "ligne-1", type: "modbus" }]);
  expect(JSON.stringify(config.drivers[0]?.options)).toContain("127.0.0.1");
});

test("a zone is taken in any letter case, under its own name; an offset, which knows no summer time, is not", () => {
  const zone = (name: string) => whole.replace("Europe/Paris", name);
  expect(parseConfig(zone("europe/paris"), "site.yaml", plugins, env).config.site.timezone).toBe("Europe/Paris");
  expect(complaints(zone('"+02:00"'))[0]).toContain("site.timezone");
});

test("no sink is called like a part of every gateway, whose place in the log it would move", () => {
  for (const id of ownFollowers) expect(complaints(`sinks: [{ id: ${id}, type: sqlite }]`)[0]).toContain("sinks[0].id");
});

test("an empty file is a gateway with nothing on it", () => {
  expect(complaints("")).toEqual([]);
});

test("every error comes at once, each with line, column and path", () => {
  const text = whole
    .replace("language: fr", "language: klingon")
    .replace("id: tour-2, name", "id: Tour 2, name")
    .replace("type: modbus", "type: modbuss")
    .concat("sinkz: []\n");
  const lines = complaints(text);
  expect(lines.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
    "site.yaml:1:71 site.language:",
    "site.yaml:3:11 machines[0].id:",
    "site.yaml:6:11 drivers[0].type:",
    "site.yaml:10:1 sinkz:",
  ]);
  expect(lines[3]).toContain("did you mean sinks?");
});

test.each([
  ["timezone: Europe/Paris", "timezone: 5", "site.timezone: a text belongs here, not a number"],
  ["language: fr", "language: klingon", "site.language: one of these belongs here: fr, en"],
  ["machines:\n", "machines: 3\nx:\n", "machines: a list (lines that begin with -) belongs here, not a number"],
  ["id: tour-2, name", "name", "machines[0].id: id is missing: a text"],
  ["slave: 1", "slav: 1", "drivers[0].devices[0].slav: unknown key – did you mean slave?"],
  ["slave: 1", "slave: 900", "drivers[0].devices[0].slave: at most 255"],
])("words for people: %s → %s", (right, wrong, line) => {
  expect(complaints(whole.replace(right, wrong)).join("\n")).toContain(line);
});

test("a stack light on an output that no driver declares is refused at the check, not at the start", () => {
  const light = (red: string) => {
    const device =
      "{ id: lamp, slave: 2, machine: tour-2, signals: { r: { at: 0, type: u16, table: holding } }, outputs: { red: { coil: 0 } } }";
    const text = `${whole}      - ${device}\nnotifiers: [{ id: light, type: stacklight, red: ${red} }]\n`;
    return examined(text);
  };
  expect(light("ligne-1/lamp/red")).toEqual([]);
  expect(light("ligne-1/lamp/rouge")[0]).toMatch(
    /notifiers\[0\]\.red: no driver declares an output ligne-1\/lamp\/rouge/,
  );
});

test("broken YAML is told in words, and only where it begins", () => {
  const lines = complaints('site: { id: x\n  name: "open\n');
  expect(lines.length).toBeLessThanOrEqual(3);
  expect(lines.join("\n")).toContain("not closed");
});

test.each([
  [(folder: string) => folder, "this is a folder: name the file in it"],
  [(folder: string) => join(folder, "none.yaml"), "there is no such file"],
  [(folder: string) => join(folder, "binary.yaml"), "this is not a text file"],
])("a file that is none: %#", (name, words) => {
  const folder = mkdtempSync(join(tmpdir(), "vigie-config-"));
  writeFileSync(join(folder, "binary.yaml"), Buffer.from([0x53, 0, 0xff]));
  const file = name(folder);
  expect(() => loadConfig(file, plugins, env)).toThrow(`${file}:1:1 : ${words}`);
  rmSync(folder, { recursive: true });
});

test("an unknown type names the nearest one, at its place", () => {
  expect(complaints(whole.replace("type: modbus", "type: modbuss"))).toEqual([
    "site.yaml:6:11 drivers[0].type: unknown type modbuss – did you mean modbus?",
  ]);
});

test("an option that the plugin does not know is refused at its key", () => {
  const [line, ...rest] = complaints(whole.replace("    devices:", "    bauds: 9600\n    devices:"));
  expect(rest).toEqual([]);
  expect(line).toMatch(/^site\.yaml:8:5 drivers\[0\]\.bauds: unknown key/);
});

test("a missing variable and a secret in clear are refused, and the secret is not repeated", () => {
  const text = `${whole.replace(`\${PORT}`, `\${NOT_SET}`)}sinks:\n  - { id: i, type: influx, url: "http://x", org: o, bucket: b, token: s3cr3t }\n`;
  const lines = complaints(text).join("\n");
  expect(lines).toContain("site.yaml:7:11 drivers[0].port: the environment variable NOT_SET is not set");
  expect(lines).toMatch(/site\.yaml:11:\d+ sinks\[0\]\.token: a secret does not belong in this file/);
  expect(lines).not.toContain("s3cr3t");
});

const talks = (mqtt: string, headers: string) => `sinks:
  - { id: out, type: mqtt, url: "${mqtt}" }
notifiers:
  - { id: chat, type: webhook, url: "http://x", headers: { ${headers} } }
`;

test.each([
  ["mqtt://vigie:s3cr3t@host", "", "site.yaml:2:33 sinks[0].url: the password in this address"],
  ["mqtts://:s3c@r3t@host:8883/x", "", "site.yaml:2:33 sinks[0].url: the password in this address"],
  [`mqtt://\${PORT}:s3cr3t@host`, "", "site.yaml:2:33 sinks[0].url: the password in this address"],
  ["mqtt://h", "Authorization: Bearer s3cr3t", "site.yaml:4:75 notifiers[0].headers.Authorization: a secret"],
  ["mqtt://h", "proxy-authorization: Basic s3cr3t", "notifiers[0].headers.proxy-authorization: a secret"],
  ["mqtt://h", "X-API-Key: s3cr3t", "notifiers[0].headers.X-API-Key: a secret"],
  ["mqtt://h", "Cookie: session=s3cr3t", "notifiers[0].headers.Cookie: a secret"],
  ["mqtt://h", "Referer: https://me:s3cr3t@x/", "notifiers[0].headers.Referer: the password in this address"],
])("a secret in an address or a header is refused in clear, and not repeated: %s %s", (url, headers, words) => {
  const [line, ...rest] = complaints(talks(url, headers));
  expect(rest).toEqual([]);
  expect(line).toContain(words);
  expect(line).toContain(`\${SOME_NAME}`);
  expect(line).not.toMatch(/s3c|r3t/);
});

test.each([
  [`mqtt://vigie:\${INFLUX_TOKEN}@host`, `Authorization: "Bearer \${INFLUX_TOKEN}"`],
  [`\${BROKER}`, `Cookie: "session=\${INFLUX_TOKEN}", Accept: text/plain`],
  ["mqtt://vigie@host:1883", "Referer: 'https://x:8080/a:b@c'"],
])("what comes from a variable is no secret in clear, nor is a user or a port: %s %s", (url, headers) => {
  expect(complaints(talks(url, headers))).toEqual([]);
});

test.each([
  "tcp://127.0.0.1:99999",
  "tcp://",
  "rtu+tcp://host:x",
  "tcp://a/b",
])("%s is no address, and says so at its place", (port) => {
  const [line, ...rest] = complaints(whole.replace(`\${PORT}`, port));
  expect(rest).toEqual([]);
  expect(line).toMatch(/^site\.yaml:7:11 drivers\[0\]\.port: no such address/);
});

test("two drivers with one id are refused", () => {
  const twice = whole + whole.slice(whole.indexOf("  - id: ligne-1"));
  expect(complaints(twice)).toEqual(["site.yaml:10:9 drivers[1].id: the id ligne-1 is used twice in drivers"]);
});

test("a map in the place of a key is named on one line, with its reason", () => {
  const [line, ...rest] = complaints(`${whole}web: { { a: b,\n  c: d }: true }\n`);
  expect(rest).toEqual([]);
  expect(line).toMatch(/^site\.yaml:\d+:\d+ web\.\{ a: b, c: d \}: .+$/);
});

test("broken YAML says where", () => {
  expect(complaints("site: { id: atelier\nmachines: []\n")[0]).toMatch(/^site\.yaml:\d+:\d+ : /);
});

test("a mutated file is refused with a place, or runs: never a crash, never a polluted prototype", () => {
  const pieces = [
    "__proto__: { x: 1 }",
    "&a [*a]",
    "\u0000",
    "- - -",
    "!!js/function x",
    "{",
    "\t",
    "drivers: 5",
    ": :",
    "999e999",
  ];
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(12), fc.constantFrom(...pieces), (at, cut, piece) => {
      const text = whole.slice(0, at) + piece + whole.slice(at + cut);
      for (const line of complaints(text)) expect(line).toMatch(/^site\.yaml:[1-9]\d*:[1-9]\d* /);
      expect(({} as { x?: number }).x).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test("points, machines, rules and people are checked against each other, before anything opens", () => {
  const text = `${whole.replace("machine: tour-2", "machine: tour-3")}detectors:
  - { id: a, type: limit, point: tour-2/powr, high: 1 }
  - { id: b, type: standby-waste, machine: tour-9 }
  - { id: c, type: stale }
notices:
  people:
    - { id: camille, name: Camille, via: [{ channel: pigeon, address: roof }] }
`;
  const lines = examined(text);
  const unknown = lines.filter((line) => line.includes("there is no machine tour-3"));
  expect(unknown).toEqual([expect.stringMatching(/^drivers\[0\]\.devices\[0\]\.machine: compteur: .*mean tour-2\?$/)]);
  expect(lines).toContainEqual(expect.stringMatching(/^detectors\[0\]\.point: there is no point tour-2\/powr/));
  expect(lines).toContainEqual(
    expect.stringMatching(/^detectors\[1\]\.machine: there is no machine tour-9 – did you mean tour-2\?/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^detectors\[2\]: a rule watches a point: or a machine:/));
  expect(lines).toContainEqual(
    expect.stringMatching(/^notices\.people\[0\]\.via\[0\]\.channel: Camille: no notifier is called pigeon/),
  );
});
