import { readFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { clock } from "../../../gateway/clock.ts";
import { examine } from "../../../gateway/config/examine.ts";
import { ConfigError, document, parseConfig } from "../../../gateway/config/load.ts";
import { sections } from "../../../gateway/config/sections.ts";
import type { ConfigProblem } from "../../../gateway/config/source.ts";
import { yamlWords } from "../../../gateway/config/yaml-words.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { reasonOf, type Text } from "../../../gateway/core/text.ts";
import { profileSchema } from "../../../gateway/drivers/modbus/profile.ts";
import { loadPlugins, type Plugins } from "../../../gateway/plugin.ts";
import { random } from "../../sim/hostile/random.ts";
import { mutated } from "../../sim/mutate-config.ts";
import { MemoryCells } from "../../sim/peers/kit.ts";

let plugins: Plugins;
beforeAll(async () => {
  plugins = await loadPlugins();
});

const demo = readFileSync(join(import.meta.dirname, "../../../config/demo.yaml"), "utf8");
const env = { SIM_MODBUS: "1", SIM_RTU: "2", SIM_NODE: "3" };

/** Words that only one of the two languages has; names of keys and values may stand in both. */
const ENGLISH =
  /\b(the|is|are|of|and|this|that|belongs|here|must|unknown|expected|received|invalid|needs|missing|known|there|give)\b/i;
const FRENCH = /\b(le|la|les|une|est|sont|et|ce|cette|il|faut|ici|doit|inconnue?|attendu|manque|donnez|connus)\b/i;

/** What is wrong with a text, whole: shape, rules, drivers. */
function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    const loaded = parseConfig(text, "site.yaml", plugins, env);
    const { site, machines, profile } = loaded.config;
    const context = { clock, meters: new Meters(), say: pino({ level: "silent" }), cells: new MemoryCells() };
    examine(loaded, plugins, (id) => ({ ...context, id, site, machines, profile }));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

function isBoth({ fr, en }: Text, about: string): void {
  expect(fr, about).not.toBe(en);
  expect(fr, about).not.toMatch(ENGLISH);
  expect(en, about).not.toMatch(FRENCH);
  // A French colon has its space; what is quoted from the file may do as it likes.
  expect(fr, about).not.toMatch(/[a-zà-ü][!?;]/i);
}

test("mutated site files are refused in French and in English, without a word of the other", () => {
  const draw = random(7);
  let refused = 0;
  for (let i = 0; i < 150; i++) {
    const text = mutated(demo, draw);
    for (const { path, message } of problemsOf(text)) {
      refused += 1;
      isBoth(message, `${path}: ${message.fr} | ${message.en}`);
    }
  }
  expect(refused).toBeGreaterThan(100);
});

const modbus = (devices: string, port = "/dev/x") =>
  `machines: [{ id: m }]\ndrivers: [{ id: d, type: modbus, port: "${port}", devices: [${devices}] }]\n`;
const one = "id: a, slave: 1, machine: m";
const r = "r: { at: 0, type: u16, table: holding }";

test.each([
  ["sinks: [{ id: a, type: sqlite }, { id: a, type: sqlite }]", "l'id a est utilisé deux fois dans sinks"],
  ["history: nowhere", "il n'y a pas de sink nowhere – connus ici : history, mqtt"],
  ["sinks: [{ id: alarms, type: sqlite }]", "alarms est le nom d'une partie de la passerelle elle-même"],
  ["machines: [{ id: gateway }]", "gateway est le nom d'une partie de la passerelle elle-même"],
  ["web: { port: 70000 }", "au plus 65535"],
  ["web: { host: 0.0.0.0, open: true }", "`open: true` veut dire sans compte"],
  ["web: { security_contact: me }", "ce texte n'a pas la forme attendue"],
  ["web: { energy: { price: .inf } }", "il faut ici un nombre, pas un nombre impossible"],
  ["web: { tls: }", "il faut ici un groupe de lignes `clé: valeur`, et il n'y a rien"],
  ["machines: [{ id: a, name: 5 }]", "il faut ici un texte ou un groupe de lignes"],
  ["notices: { link: nowhere }", "une adresse, par exemple https://exemple.fr"],
  ["notices: { teams: [{ id: t, people: [paul] }] }", "personne ne s'appelle paul"],
  ["store: { keep: { size: big } }", "une taille, par exemple 500MB ou 4GB"],
  ["detectors: [{ id: x, type: stale }]", "une règle surveille un point: ou une machine:"],
  ["sinks: [{ id: i, type: influx, token: abc }]", "un secret n'a pas sa place dans ce fichier"],
  ['sinks: [{ id: o, type: mqtt, url: "mqtt://a:b@c" }]', "le mot de passe de cette adresse n'a pas sa place"],
  ['sinks: [{ id: o, type: mqtt, url: "mqtt://a:b/c" }]', "il faut mqtt://hôte:port"],
  [
    modbus(`{ ${one}, signals: { ${r} } }, { id: a, slave: 2, machine: m, signals: { ${r} } }`),
    "deux appareils s'appellent a",
  ],
  [
    modbus(
      `{ ${one}, signals: { ${r} } }, { id: b, slave: 1, machine: m, signals: { q: { at: 0, type: u16, table: holding } } }`,
    ),
    "l'esclave 1 est déjà a",
  ],
  [
    modbus(`{ ${one}, signals: { ${r} } }, { id: b, slave: 2, machine: m, signals: { ${r} } }`),
    "m/r est déjà alimenté par a r",
  ],
  [
    modbus("{ id: a, machine: m, signals: { r: { at: 0, type: u16, table: holding } } }"),
    "dites quelle adresse d'esclave",
  ],
  [modbus(`{ id: a, slave: 1, signals: { ${r} } }`), "dites quelle machine"],
  [modbus(`{ ${one} }`), "rien à lire"],
  [modbus(`{ ${one}, signals: { r: { at: 0 } } }`), "il faut at, type et table"],
  [modbus(`{ ${one}, base: 1, signals: { ${r} } }`), "l'adresse 0 n'existe pas"],
  [modbus(`{ ${one}, signals: { r: { at: 0, type: u16, table: coil } } }`), "la table coil contient des bits"],
  [modbus(`{ ${one}, profile: nothing }`), "il n'y a pas de profil nothing"],
  [modbus(`{ ${one}, profile: eastron-sdm120, signals: [voltge] }`), "n'a pas de signal voltge"],
  [
    modbus(`{ ${one}, profile: eastron-sdm120, signals: { voltage: { span: [0, 1] } } }`),
    "span est pour les boucles de courant",
  ],
  [modbus(`{ ${one}, every: 10ms, profile: eastron-sdm120 }`), "ce plan demande"],
  [modbus(`{ ${one}, every: 1y, profile: eastron-sdm120 }`), "une durée de 10 ms à 86400 s"],
  [modbus(`{ ${one}, profile: eastron-sdm120 }`, "tcp://"), "cette adresse ne peut pas exister"],
  [
    "machines: [{ id: m }]\ndrivers: [{ id: d, type: teleinfo, port: /dev/x, machine: m, signals: [gas] }]",
    "le compteur ne donne pas gas",
  ],
  [
    "drivers: [{ id: d, type: lines, port: /dev/x, machine: m, signals: { a: { match: '(' } } }]",
    "cette expression régulière",
  ],
  [
    "drivers: [{ id: d, type: lines, port: /dev/x, machine: m, signals: { a: { match: '^(a+)+$' } } }]",
    "une seule ligne pourrait",
  ],
  [
    "drivers: [{ id: d, type: node, port: /dev/x, nodes: [{ id: n, channels: { a: { unit: Cel } } }] }]",
    "dites quelle machine",
  ],
  [
    "drivers: [{ id: d, type: mqtt, devices: [{ id: a, topic: x, machine: z, signals: { p: {} } }] }]",
    "il n'y a pas de machine « z »",
  ],
])("%s → %s", (text, words) => {
  const found = problemsOf(`site: { language: fr }\n${text}\n`).map(({ message }) => message);
  expect(found.map(({ fr }) => fr).join("\n")).toContain(words);
  for (const message of found) isBoth(message, message.en);
});

describe("every sentence of a schema is there in both languages", () => {
  test.each(["drivers", "sinks", "detectors", "notifiers"] as const)("%s", (kind) => {
    for (const [type, { options }] of plugins[kind]) for (const said of sentences(options)) known(said, type);
  });

  test("the sections of the file, and device profiles", () => {
    const found = [document, profileSchema, ...Object.values(sections)].flatMap((schema) => sentences(schema));
    expect(found.length).toBeGreaterThan(20);
    for (const said of found) known(said, "file");
  });

  const known = (said: string, about: string) => {
    const both = reasonOf(said);
    expect(both, `${about}: ${said}`).toBeDefined();
    if (both) isBoth(both, `${about}: ${said}`);
  };
});

/** What the checks of a schema, and of all that is in it, have been given to say. */
function sentences(schema: z.core.$ZodType, seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const { def } = schema._zod;
  const checks = "checks" in def && Array.isArray(def.checks) ? def.checks : [];
  const own = [schema, ...checks].flatMap((one: unknown) => {
    const given = z.object({ _zod: z.object({ def: z.object({ error: z.function() }) }) }).safeParse(one);
    return given.success ? [z.string().parse(given.data._zod.def.error())] : [];
  });
  const inner = Object.values({ ...def }).flatMap((value) => [
    value,
    ...(value !== null && typeof value === "object" && !(value instanceof z.core.$ZodType) ? Object.values(value) : []),
  ]);
  return [...own, ...inner.flatMap((one) => (one instanceof z.core.$ZodType ? sentences(one, seen) : []))];
}

test.each([
  ["BAD_INDENT"],
  ["BAD_ALIAS"],
  ["DUPLICATE_KEY"],
  ["MISSING_CHAR"],
  ["TAB_AS_INDENT"],
  ["UNEXPECTED_TOKEN"],
  ["MULTIPLE_TAGS"],
] as const)("YAML that breaks off with %s", (code) => {
  isBoth(yamlWords(code), code);
});
