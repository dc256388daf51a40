import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { CannotStart } from "../core/cannot-start.ts";
import { ownFollowers } from "../core/log.ts";
import type { Machine } from "../core/point.ts";
import type { Language, Text } from "../core/text.ts";
import type { Plugins, Problem, Site } from "../plugin.ts";
import { machine, pluginHead, site } from "./schema.ts";
import { type Sections, sections } from "./sections.ts";
import { type ConfigProblem, pathText, Source } from "./source.ts";
import { nearest, noSuch } from "./suggest.ts";
import { inWords } from "./words.ts";

/** One entry of a plugin list: what every entry has, and the plugin's own options as its schema let them through. */
export interface Entry<Head = { id: string; type: string }> {
  readonly head: Head;
  readonly options: unknown;
  /** Where it stands, for messages: `["drivers", 0]`. */
  readonly path: readonly (string | number)[];
}

/** A site file, read, checked and typed. */
export interface Config extends Sections {
  readonly file: string;
  readonly site: Site;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly drivers: readonly Entry[];
  readonly sinks: readonly Entry[];
  readonly detectors: readonly Entry<z.output<typeof sections.rule>>[];
  readonly notifiers: readonly Entry[];
  /** Index in `sinks` of the one that answers for the past; undefined for the store itself. */
  readonly history: number | undefined;
  /** The parsed YAML of a device profile, the site's own folder first. */
  profile(name: string): unknown;
}

/** Everything that is wrong with a site file, one line each: `file:line:column path: message`. */
export class ConfigError extends CannotStart {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const inOrder = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = (language: Language) =>
      inOrder.map((p) => `${file}:${p.line}:${p.column} ${p.path}: ${p.message[language]}`).join("\n");
    super({ fr: lines("fr"), en: lines("en") });
    this.name = "ConfigError";
    this.problems = inOrder;
  }
}

/** A config with the means to add problems to the places of its file. */
export interface Loaded {
  config: Config;
  report(path: readonly (string | number)[], message: Text): void;
  /** Throws a ConfigError with everything reported so far. */
  verify(): void;
}

/** Reads and checks a site file. Throws one ConfigError with every problem found. */
export function loadConfig(file: string, plugins: Plugins, env: NodeJS.ProcessEnv): Loaded {
  return parseConfig(readText(file), file, plugins, env);
}

/** The same for a text at hand; `file` is only a name, and the place where a `profiles` folder may be. */
export function parseConfig(text: string, file: string, plugins: Plugins, env: NodeJS.ProcessEnv): Loaded {
  const source = new Source(text, env);
  const raw = source.value();
  const verify = () => {
    if (source.problems.length > 0) throw new ConfigError(file, source.problems);
  };
  if (raw === undefined) verify();

  const read = <T>(schema: z.ZodType<T>, value: unknown, path: readonly (string | number)[]): T | undefined => {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return result.data;
    for (const issue of flatten(result.error.issues)) complain(source, issue, path, schema);
    return undefined;
  };

  const sound = read(document, raw, []);
  const top = sound ?? document.parse(soundSections(raw));

  const list = <Head extends { id: string; type: string }>(
    key: "drivers" | "sinks" | "detectors" | "notifiers",
    head: z.ZodType<Head>,
    fallback: unknown[] = [],
  ): Entry<Head>[] => {
    const ids = new Set<string>();
    return (top[key] ?? fallback).flatMap((item, index) => {
      const path = [key, index] as const;
      const basics = read(pluginHead, item, path);
      if (!basics) return [];
      if (ids.has(basics.id)) source.report([...path, "id"], twice(basics.id, key));
      ids.add(basics.id);
      if (key === "sinks" && isReserved(basics.id)) source.report([...path, "id"], reserved(basics.id));
      const plugin = plugins[key].get(basics.type);
      if (!plugin) {
        const near = nearest(basics.type, [...plugins[key].keys()]);
        source.report([...path, "type"], {
          fr: `type inconnu ${basics.type}${near.fr}`,
          en: `unknown type ${basics.type}${near.en}`,
        });
        return [];
      }
      const keys = headKeys(head);
      const own = Object.entries(basics).filter(([name]) => keys.has(name));
      const rest = Object.entries(basics).filter(([name]) => !keys.has(name));
      const checked = read(head, Object.fromEntries(own), path);
      const options = read(plugin.options, Object.fromEntries(rest), path);
      return checked && options !== undefined ? [{ head: checked, options, path }] : [];
    });
  };

  // Without the embedded broker, MQTT needs an address, which only the file can give.
  const withoutBroker = <T extends { type: string }>(usual: T[]) =>
    top.broker.enabled ? usual : usual.filter(({ type }) => type !== "mqtt");

  const machines = new Map<string, Machine>();
  for (const [index, one] of top.machines.entries()) {
    if (machines.has(one.id)) source.report(["machines", index, "id"], twice(one.id, "machines"));
    if (one.id === "gateway") source.report(["machines", index, "id"], reserved(one.id));
    machines.set(one.id, one);
  }

  const sinks = list("sinks", plainHead, withoutBroker(DEFAULT_SINKS));
  const history = top.history === undefined ? undefined : sinks.findIndex(({ head }) => head.id === top.history);
  if (history === -1) {
    const known = sinks.map(({ head }) => head.id);
    source.report(["history"], noSuch("sink", top.history ?? "", known));
  }

  const config: Config = {
    file,
    site: top.site,
    machines,
    drivers: list("drivers", plainHead),
    sinks,
    history,
    detectors: list("detectors", sections.rule),
    notifiers: list("notifiers", plainHead, withoutBroker(DEFAULT_NOTIFIERS)),
    web: top.web,
    broker: top.broker,
    store: top.store,
    alarms: top.alarms,
    notices: top.notices,
    profile: profileReader(file),
  };
  // Whoever misses a machine or a driver would complain of every rule about it.
  if (!sound || config.drivers.length < (top.drivers?.length ?? 0)) verify();
  return { config, report: (path, message) => source.report(path, message), verify };
}

/** Adds a plugin's own findings, whose paths start at its entry. */
export function reportProblems(loaded: Loaded, entry: Entry<{ id: string }>, problems: readonly Problem[]): void {
  for (const problem of problems) loaded.report([...entry.path, ...problem.path], problem.message);
}

const twice = (id: string, list: string): Text => ({
  fr: `l'id ${id} est utilisé deux fois dans ${list}`,
  en: `the id ${id} is used twice in ${list}`,
});

/** A part of every gateway is called so: a sink of that name would share its place in the log. */
const isReserved = (id: string): boolean => (ownFollowers as readonly string[]).includes(id);

const reserved = (id: string): Text => ({
  fr: `${id} est le nom d'une partie de la passerelle elle-même : en choisir un autre`,
  en: `${id} is the name of a part of the gateway itself: choose another`,
});

const plainHead = z.strictObject({ id: pluginHead.shape.id, type: z.string() });

const DEFAULT_SINKS = [
  { id: "history", type: "sqlite" },
  { id: "mqtt", type: "mqtt" },
];

const DEFAULT_NOTIFIERS = [
  { id: "journal", type: "log" },
  { id: "mqtt", type: "mqtt" },
];

const entries = z
  .array(z.unknown())
  .max(2_000)
  .nullish()
  .transform((list) => list ?? undefined);

export const document = z.strictObject({
  site: site.prefault({}),
  machines: z.array(machine).max(200).default([]),
  drivers: entries,
  sinks: entries,
  detectors: entries,
  notifiers: entries,
  history: z
    .string()
    .max(64)
    .optional()
    .describe("The id of the sink that answers for the past; the gateway's own store, where left out"),
  web: sections.web,
  broker: sections.broker,
  store: sections.store,
  alarms: sections.alarms,
  notices: sections.notices,
});

const shipped = join(import.meta.dirname, "../../config/profiles");

function profileReader(file: string): (name: string) => unknown {
  const known = new Map<string, unknown>();
  return (name) => {
    if (!/^[a-z0-9_.-]{1,64}$/.test(name)) return undefined;
    if (!known.has(name)) known.set(name, readProfile([join(dirname(file), "profiles"), shipped], name));
    return known.get(name);
  };
}

function readProfile(folders: readonly string[], name: string): unknown {
  for (const folder of folders) {
    try {
      return parse(readFileSync(join(folder, `${name}.yaml`), "utf8"));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  return undefined;
}

const READ_WORDS: Readonly<Record<string, Text>> = {
  ENOENT: { fr: "ce fichier n'existe pas", en: "there is no such file" },
  EISDIR: { fr: "c'est un dossier : nommez le fichier qu'il contient", en: "this is a folder: name the file in it" },
  EACCES: { fr: "cet utilisateur n'a pas le droit de le lire", en: "this user may not read it" },
};

function readText(file: string): string {
  const refuse = (message: Text) => new ConfigError(file, [{ line: 1, column: 1, path: "", message }]);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(READ_WORDS[code] ?? { fr: `lecture impossible (${why})`, en: `it cannot be read (${why})` });
  }
  if (bytes.includes(0)) throw refuse({ fr: "ce n'est pas un fichier texte", en: "this is not a text file" });
  return bytes.toString("utf8");
}

/** The sections that are right: those that are not would only hide what else is wrong. */
function soundSections(raw: unknown): Record<string, unknown> {
  const sections = raw && typeof raw === "object" && !Array.isArray(raw) ? Object.entries(raw) : [];
  const schemas: Readonly<Record<string, z.ZodType>> = document.shape;
  return Object.fromEntries(
    sections.filter(([key, value]) => Object.hasOwn(schemas, key) && schemas[key]?.safeParse(value).success),
  );
}

/** The keys of an object schema, through wrappers. */
function headKeys(schema: z.ZodType): Set<string> {
  return schema instanceof z.ZodObject ? new Set(Object.keys(schema.shape)) : new Set(["id", "type"]);
}

/** A union's complaint is the one of its branch that came closest. */
function flatten(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
    const closest = [...issue.errors].sort((a, b) => deepest(b) - deepest(a))[0] ?? [];
    if (deepest(closest) === 0) return [issue];
    return flatten(closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  });
}

const deepest = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length));

function complain(
  source: Source,
  issue: z.core.$ZodIssue,
  prefix: readonly (string | number)[],
  schema: z.ZodType,
): void {
  const path = [...prefix, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  const name = pathText(path.slice(-1));
  for (const { key, message } of inWords(issue, schema, name)) source.report(path, message, key);
}
