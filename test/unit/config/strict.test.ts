import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Document, isMap, parseDocument, visit, type YAMLMap } from "yaml";
import { ConfigError, parseConfig } from "../../../gateway/config/load.ts";
import { loadPlugins, type Plugins } from "../../../gateway/plugin.ts";

let plugins: Plugins;
beforeAll(async () => {
  plugins = await loadPlugins();
});

const CONFIG = join(import.meta.dirname, "../../../config");
const sites = ["demo.yaml", "plant.yaml", "docker.yaml"].map((name) => readFileSync(join(CONFIG, name), "utf8"));
/** Whatever these files want to know: ports, passwords, a broker. */
const names = sites.join().match(/(?<=\$\{)[A-Z_]+(?=\})/g) ?? [];
const env = { ...Object.fromEntries(names.map((name) => [name, "1883"])), PLANT_BROKER: "mqtt://h:1883" };

function complaints(text: string): readonly { path: string; message: string }[] {
  try {
    parseConfig(text, join(CONFIG, "site.yaml"), plugins, env).verify();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => ({ path, message: message.en }));
  }
}

function mapsOf(document: Document): YAMLMap[] {
  const maps: YAMLMap[] = [];
  visit(document, { Map: (_, map) => void maps.push(map) });
  return maps;
}

test("these files are good as they are", () => {
  for (const text of sites) expect(complaints(text)).toEqual([]);
});

test("a key that nobody knows is refused wherever it stands, and named; prototypes stay what they are", () => {
  const odd = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf");
  const keys = fc.oneof(
    odd,
    fc.stringMatching(/^[a-z_]{1,12}$/).map((word) => `zz${word}`),
  );
  fc.assert(
    fc.property(fc.nat(sites.length - 1), fc.nat(1_000), keys, (site, at, key) => {
      const document = parseDocument(sites[site] ?? "");
      const maps = mapsOf(document);
      const map = maps[at % maps.length];
      if (!map || !isMap(map)) return;
      // Where names are the user's own (signals, headers), this is no signal and no header either.
      map.add(document.createPair(key, { polluted: true }));
      const said = complaints(String(document));
      expect(said.some(({ path, message }) => `${path} ${message}`.includes(key))).toBe(true);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    }),
    { numRuns: 150 },
  );
});

test("a secret is one, too, where its value or its key is written elsewhere and only referred to", () => {
  const [demo = ""] = sites;
  const sink = (pass: string) => `${demo}\nsinks:\n  - { id: history, type: sqlite }\n  - ${pass}\n`;
  const said = (text: string) => complaints(text).map(({ path, message }) => `${path}: ${message}`);
  const mqtt = "id: plant, type: mqtt, url: mqtt://h, username: u";
  const clear = sink(`{ ${mqtt}, client_id: &word s3cr3t, password: *word }`);
  expect(said(clear)).toEqual([expect.stringMatching(/^sinks\[1\]\.password: a secret does not belong/)]);
  const renamed = sink(`{ ${mqtt}, client_id: &key password, ? *key : s3cr3t }`);
  expect(said(renamed)).toEqual([expect.stringMatching(/a secret does not belong/)]);
  expect([clear, renamed].flatMap(said).join()).not.toContain("s3cr3t");
  // What the variable holds is put in the place of the anchor; it is no secret in clear by that.
  const right = sink(`{ ${mqtt}, client_id: &word "\${SIM_NODE}", password: *word }`);
  expect(said(right)).toEqual([]);
});
