import { z } from "zod";
import type { Driver, Output } from "../core/driver.ts";
import type { Point } from "../core/point.ts";
import type { Text } from "../core/text.ts";
import { channelProblems } from "../notices/settings.ts";
import type { DriverContext, Plugins } from "../plugin.ts";
import { spectraPoints } from "../spectra.ts";
import { type Entry, type Loaded, reportProblems } from "./load.ts";
import { nearest, noSuch } from "./suggest.ts";

/** A site file whose parts have also met each other: drivers created (nothing opened), every point known. */
export interface Examined {
  readonly drivers: ReadonlyMap<string, { type: string; driver: Driver }>;
  readonly points: readonly Point[];
  /** Everything that may be written, by id. */
  readonly outputs: ReadonlyMap<string, Output>;
  /** What drivers have to say of their plan (bus use, requests per second), for `vigie check`. */
  readonly report: readonly Text[];
}

/** Creates the drivers and checks points, machines and rules against each other. Throws one ConfigError with every problem. */
export function examine(loaded: Loaded, plugins: Plugins, contextOf: (id: string) => DriverContext): Examined {
  const drivers = new Map<string, { type: string; driver: Driver }>();
  const report: Text[] = [];
  const points = new Map<string, Point>();

  for (const entry of loaded.config.drivers) {
    const plugin = plugins.drivers.get(entry.head.type);
    if (!plugin) continue;
    const context = contextOf(entry.head.id);
    const said = plugin.examine?.(entry.options, context) ?? { problems: [] };
    reportProblems(loaded, entry, said.problems);
    report.push(...(said.report ?? []));
    if (said.problems.length > 0) continue;
    const driver = plugin.create(entry.options, context);
    drivers.set(entry.head.id, { type: entry.head.type, driver });
    const bursts = (driver.bursts ?? []).flatMap((source) => spectraPoints(source, entry.head.id));
    for (const point of [...driver.points, ...bursts]) addPoint(loaded, entry, points, point);
  }
  const declared = [...drivers.values()].flatMap(({ driver }) => driver.outputs ?? []);
  const outputs = new Map(declared.map((output) => [output.id, output]));
  checkRules(loaded, points);
  checkOutputs(loaded, plugins, outputs);
  checkPeople(loaded);
  loaded.verify();
  return { drivers, points: [...points.values()], outputs, report };
}

function addPoint(loaded: Loaded, entry: Entry, points: Map<string, Point>, point: Point): void {
  const { machines } = loaded.config;
  const other = points.get(point.id);
  if (other)
    loaded.report(entry.path, {
      fr: `${point.id} est lu deux fois, par ${other.device} et par ${point.device} : renommez l'un des deux avec « as: »`,
      en: `${point.id} is read twice, by ${other.device} and by ${point.device}: give one another name with "as:"`,
    });
  if (!machines.has(point.machine)) {
    const why = noSuch("machine", point.machine, [...machines.keys()]);
    loaded.report([...placeOf(entry, point), "machine"], {
      fr: `${point.device} : ${why.fr}`,
      en: `${point.device}: ${why.en}`,
    });
  }
  points.set(point.id, point);
}

/** Where the device of a point stands in the file, or the driver when it has no list of devices. */
function placeOf(entry: Entry, point: Point): Entry["path"] {
  const devices = z.looseObject({ devices: z.array(z.looseObject({ id: z.string() })) }).safeParse(entry.options);
  const index = devices.data?.devices.findIndex(({ id }) => id === point.device) ?? -1;
  return index < 0 ? entry.path : [...entry.path, "devices", index];
}

/** Nothing is written but what a driver declares. */
function checkOutputs(loaded: Loaded, plugins: Plugins, declared: Examined["outputs"]): void {
  for (const { head, options, path } of loaded.config.notifiers) {
    const wanted = plugins.notifiers.get(head.type)?.outputs?.(options) ?? {};
    for (const [option, id] of Object.entries(wanted)) {
      if (id === undefined || declared.has(id)) continue;
      const near = nearest(id, [...declared.keys()]);
      loaded.report([...path, option], {
        fr: `aucun pilote ne déclare de sortie ${id}${near.fr}`,
        en: `no driver declares an output ${id}${near.en}`,
      });
    }
  }
}

function checkPeople(loaded: Loaded): void {
  const { notices, notifiers } = loaded.config;
  const known = new Set(notifiers.map(({ head }) => head.id));
  for (const { path, message } of channelProblems(notices.people, known)) loaded.report(["notices", ...path], message);
}

function checkRules(loaded: Loaded, points: ReadonlyMap<string, Point>): void {
  const { detectors, machines } = loaded.config;
  for (const { head, path } of detectors) {
    if (head.point === undefined && head.machine === undefined)
      loaded.report(path, {
        fr: "une règle surveille un point: ou une machine:, dites lequel",
        en: "a rule watches a point: or a machine:, say which",
      });
    if (head.point !== undefined && !points.has(head.point))
      loaded.report([...path, "point"], noSuch("point", head.point, [...points.keys()]));
    if (head.machine !== undefined && !machines.has(head.machine))
      loaded.report([...path, "machine"], noSuch("machine", head.machine, [...machines.keys()]));
  }
}
