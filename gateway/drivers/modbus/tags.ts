import { type Point, pointId, type Signal } from "../../core/point.ts";
import type { Text } from "../../core/text.ts";
import type { Problem } from "../../plugin.ts";
import { whichMachine } from "../lib/problems.ts";
import type { Meaning } from "./decode.ts";
import type { DeviceOptions, SignalOptions } from "./options.ts";
import type { Span } from "./plan.ts";
import { isBits, type Order, type Profile, type SignalFields, type Table, wordsOf } from "./profile.ts";
import { titleOf } from "./titles.ts";

/** A signal of the site file, found in its profile: where it lies, what it means, which point it feeds. */
export interface Tag extends Span {
  readonly name: string;
  readonly point: Point;
  readonly meaning: Meaning;
}

/** A text of the device (serial number, model): a property, read once, never a reading. */
export interface TextTag extends Span {
  readonly name: string;
  readonly order: Order;
}

export interface Resolved {
  readonly tags: readonly Tag[];
  readonly texts: readonly TextTag[];
  readonly problems: readonly Problem[];
}

/** Joins what the site file says of a device with its profile. All problems at once, with their place in the site file. */
export function resolveTags(driver: string, device: DeviceOptions, profile: Profile | undefined): Resolved {
  const tags: Tag[] = [];
  const texts: TextTag[] = [];
  const problems: Problem[] = [];
  for (const [name, options] of wanted(device, profile)) {
    const path = ["signals", name];
    const known = profile?.signals[name];
    if (profile && !known && options.at === undefined) {
      const has = Object.keys(profile.signals).join(", ");
      const message = {
        fr: `le profil ${device.profile} n'a pas de signal ${name} ; il a ${has}`,
        en: `profile ${device.profile} has no signal ${name}; it has ${has}`,
      };
      problems.push({ path, message });
      continue;
    }
    const found = resolveOne(driver, device, name, { ...known, ...options }, known, profile);
    if ("wrong" in found) problems.push({ path, message: found.wrong });
    else if ("point" in found) tags.push(found);
    else texts.push(found);
  }
  if (tags.length === 0 && problems.length === 0) problems.push({ path: ["signals"], message: nothing });
  return { tags, texts, problems };
}

function wanted(device: DeviceOptions, profile: Profile | undefined): [string, SignalOptions][] {
  const { signals } = device;
  if (signals === undefined) return Object.keys(profile?.signals ?? {}).map((name) => [name, {}]);
  return Array.isArray(signals) ? signals.map((name) => [name, {}]) : Object.entries(signals);
}

const nothing: Text = {
  fr: "rien à lire : donnez un profil, ou des signaux avec at, type et table",
  en: "nothing to read: name a profile, or signals with at, type and table",
};

/** Why a signal cannot be read as the site file has it. */
interface Wrong {
  readonly wrong: Text;
}
const wrong = (fr: string, en: string): Wrong => ({ wrong: { fr, en } });

/** The tag, or what is wrong with it. */
function resolveOne(
  driver: string,
  device: DeviceOptions,
  name: string,
  says: SignalOptions & SignalFields,
  known: SignalFields | undefined,
  profile: Profile | undefined,
): Tag | TextTag | Wrong {
  const { at, type } = says;
  const table = says.table ?? profile?.read.table;
  if (at === undefined || type === undefined || table === undefined)
    return wrong("il faut at, type et table", "needs at, type and table");
  const place = placeOf(device, name, says.as);
  if ("wrong" in place) return place;
  if (isBits(table) !== (type === "bit" && says.bit === undefined)) return bitTrouble(table);
  const wire = { table, at: at - (known?.at === at ? (profile?.read.base ?? 0) : device.base) };
  const order = says.order ?? device.order ?? profile?.read.order ?? "ABCD";
  if (wire.at < 0)
    return wrong(
      "l'adresse 0 n'existe pas quand les adresses commencent à 1",
      "address 0 does not exist where addresses count from 1",
    );
  if (type === "ascii") return { ...wire, count: says.words ?? 1, name, order };
  const span = spanOfLoop(says, known);
  if (span && "wrong" in span) return span;
  const kind = says.kind ?? (says.labels || type === "bit" ? "state" : "gauge");
  const title = says.title ?? titleOf(place.signal);
  const signal: Signal = {
    name: place.signal,
    unit: says.unit ?? "1",
    kind,
    every: says.every ?? device.every,
    ...(rangeOf(says, known) && { range: rangeOf(says, known) }),
    ...(says.labels && { labels: says.labels }),
    ...(title && { title }),
  } as Signal;
  const id = pointId(place.machine, place.signal);
  return {
    ...wire,
    count: wordsOf[type],
    name,
    point: { id, machine: place.machine, signal, driver, device: device.id },
    meaning: {
      table,
      type,
      order,
      bits: says.bit === undefined ? says.bits : [says.bit, says.bit],
      scale: says.scale ?? 1,
      offset: says.offset ?? 0,
      span,
      range: signal.range,
      none: says.none ?? [],
      counter: kind === "counter",
      wraps: says.wraps,
    },
  };
}

function placeOf(
  device: DeviceOptions,
  name: string,
  as: string | undefined,
): { machine: string; signal: string } | Wrong {
  const [first = name, second] = (as ?? name).split("/");
  if (second !== undefined) return { machine: first, signal: second };
  if (device.machine === undefined) return { wrong: whichMachine };
  return { machine: device.machine, signal: first };
}

const bitTrouble = (table: Table): Wrong =>
  isBits(table)
    ? wrong(`la table ${table} contient des bits : il faut « type: bit »`, `a ${table} is a bit: type must be bit`)
    : wrong("un bit d'un registre demande « bit: 0 … 15 »", "a bit of a register needs `bit: 0 … 15`");

/** A profile's range speaks of the profile's unit: it does not hold any more once `span` or `scale` changes what is measured. */
const rangeOf = (says: SignalOptions, known: SignalFields | undefined): readonly [number, number] | undefined =>
  says.range !== known?.range || (!says.span && says.scale === known?.scale) ? says.range : undefined;

/** mA per unit of the profile's own value. */
const milliamps: Readonly<Record<string, number>> = { uA: 0.001, mA: 1, A: 1000 };

function spanOfLoop(says: SignalOptions, known: SignalFields | undefined): Meaning["span"] | Wrong {
  if (!says.span) return undefined;
  const factor = milliamps[known?.unit ?? "mA"];
  if (factor === undefined)
    return wrong(
      `span est pour les boucles de courant ; ce signal est en ${known?.unit}`,
      `span is for current loops; this signal is in ${known?.unit}`,
    );
  return { low: says.span[0], high: says.span[1], milliamps: factor };
}
