import { createCases } from "../alarms/case.ts";
import { type Detector, type Finding, HEARTBEAT, type Level, type Surroundings } from "../core/detector.ts";
import type { Entry } from "../core/log.ts";
import { type Machine, type Point, type PointId, pointId } from "../core/point.ts";
import { bad, good, type Reading } from "../core/reading.ts";
import { sameText } from "../core/text.ts";
import { epochMs, MINUTE, steadyMs } from "../core/time.ts";
import type { DetectorPlugin } from "../plugin.ts";
import type { Row, Table } from "./table.ts";

/** What a row of a table was worth, in the order of the rows. */
export interface Scored {
  readonly row: Row;
  /** 0 … 1. */
  readonly score: number;
  readonly prediction: 0 | 1;
  /** What was found at this row. */
  readonly found: readonly Found[];
}

export interface Found {
  readonly t: number;
  readonly machine?: string;
  readonly point?: string;
  /** The name of that point's column, as it stands in the table. */
  readonly column?: string;
  readonly rule: string;
  readonly level: Level;
  readonly finding: Finding;
  /** The same case as before, with another date. */
  readonly again?: true;
}

/**
 * One rule set for every table: nothing is chosen by file, and no rule waits for days of learning as on a machine that
 * stays. What a single column shows is judged by `novelty`; several columns are one machine.
 */
const pointRules = ["novelty", "trend", "sensor-fault"] as const;
const machineRules = ["correlation", "cycle"] as const;
/** With one column: the score from which a row is called anomalous. */
const NOVEL = 0.05;

const MACHINE: Machine = { id: "table", name: { fr: "Tableau", en: "Table" } };
const SITE = { id: "backtest", name: "Backtest", timezone: "UTC", language: "en" } as const;
/** Nothing is known of what the machine of a table was doing. */
const AROUND: Surroundings = { state: "unknown", since: steadyMs(0) };

interface Playing {
  rule: string;
  type: string;
  vote: number | undefined;
  point: PointId | undefined;
  detector: Detector;
  state: unknown;
}

/** Streams a table through the rules: each row is judged by what came before it, and by nothing else. */
export async function* play(table: Table, plugins: ReadonlyMap<string, DetectorPlugin>): AsyncIterable<Scored> {
  const points = pointsOf(table);
  const rules = rulesOf(points, plugins);
  const cases = createCases(new Map([[MACHINE.id, MACHINE]]));
  const byPoint = new Map(points.map((p) => [p.id, rules.filter(({ detector }) => detector.inputs.includes(p.id))]));
  let [seq, boot, steady, last] = [0, 1, 0, Number.NaN];
  let told = { word: "", date: "" };

  for await (const row of table.rows()) {
    // Where the table's clock goes back a new recording begins, as after a restart.
    if (row.t < last) boot++;
    steady += seq === 0 ? 0 : row.t > last ? row.t - last : table.period;
    last = row.t;
    const found: Found[] = [];
    const feed = (item: Reading, to: readonly Playing[]) => {
      const entry: Entry<Reading> = { seq: ++seq, boot, steady: steadyMs(steady), tq: "synced", item };
      for (const rule of to) {
        const step = rule.detector.step(rule.state, entry, AROUND);
        rule.state = step.state;
        if (!step.finding) continue;
        cases.finding(
          { id: rule.rule, type: rule.type, machine: MACHINE.id, ...(rule.vote !== undefined && { vote: rule.vote }) },
          step.finding,
          entry,
          AROUND,
        );
        if (step.finding.active) found.push(evidence(rule, step.finding, row.t));
      }
      return entry;
    };
    row.values.forEach((value, i) => {
      const point = points[i];
      if (point)
        feed(
          value === null ? bad(point.id, epochMs(row.t), "not_a_number") : good(point.id, epochMs(row.t), value),
          byPoint.get(point.id) ?? [],
        );
    });
    const tick = feed(good(HEARTBEAT, epochMs(row.t), 1), rules);
    for (const { finding } of cases.tick(tick)) {
      const now = cases.list()[0];
      // A case that only changes its words is not told again, but one whose date moves is.
      const word = `${now?.id} ${finding.level} ${now?.point}`;
      const date = outlook(finding);
      const again = word === told.word;
      if (finding.active && !(again && date === told.date))
        found.push({ ...caseOf(finding, now?.point, row.t), ...(again && { again }) });
      told = { word, date };
    }
    yield { row, ...verdict(rules), found: found.map((one) => withColumn(one, points)) };
  }
}

const outlook = ({ forecast }: Finding): string => (forecast ? String(forecast.at) : String(forecast));

function pointsOf({ columns, period }: Table): Point[] {
  const taken = new Set<string>();
  return columns.map((column, i) => {
    const slug =
      column
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "_")
        .replace(/^_|_$/g, "")
        .slice(0, 48) || `c${i + 1}`;
    const name = taken.has(slug) ? `${slug}_${i + 1}` : slug;
    taken.add(name);
    const signal = { name, unit: "1", kind: "gauge", every: period, title: sameText(column) } as const;
    return { id: pointId(MACHINE.id, name), machine: MACHINE.id, signal, driver: "table", device: "table" };
  });
}

function rulesOf(points: readonly Point[], plugins: ReadonlyMap<string, DetectorPlugin>): Playing[] {
  const rule = (type: string, point: Point | undefined): Playing[] => {
    const plugin = plugins.get(type);
    if (!plugin) return [];
    const id = point ? `${type}-${point.signal.name}` : type;
    const detector = plugin.create(plugin.options.parse(type === "trend" ? trendOptions(points) : {}), {
      id,
      site: SITE,
      machine: MACHINE,
      point,
      points,
    });
    return [
      { rule: id, type, vote: plugin.vote, point: point?.id, detector, state: structuredClone(detector.initial) },
    ];
  };
  return [
    ...points.flatMap((point) => pointRules.flatMap((type) => rule(type, point))),
    ...(points.length > 1 ? machineRules.flatMap((type) => rule(type, undefined)) : []),
  ];
}

/** Where rows are minutes apart, days matter: a morning's rise is no trend before a few mornings have been seen. */
const trendOptions = ([first]: readonly Point[]) => (first && first.signal.every >= MINUTE ? { learn: "2d" } : {});

/** What votes in a case is at most a hint by itself; the case says whether somebody must go. */
const evidence = ({ rule, vote, point }: Playing, finding: Finding, t: number): Found => ({
  t,
  ...((finding.point ?? point) ? { point: finding.point ?? point ?? "" } : { machine: MACHINE.id }),
  rule,
  level: vote === undefined ? finding.level : "watch",
  finding,
});

const withColumn = (found: Found, points: readonly Point[]): Found => {
  const column = points.find(({ id }) => id === found.point)?.signal.title?.en;
  return column === undefined ? found : { ...found, column };
};

const caseOf = (finding: Finding, point: PointId | undefined, t: number): Found => ({
  t,
  machine: MACHINE.id,
  ...(point && { point }),
  rule: "case",
  level: finding.level,
  finding,
});

function verdict(rules: readonly Playing[]): { score: number; prediction: 0 | 1 } {
  const scoreOf = (type: string) => {
    const rule = rules.find((r) => r.type === type);
    return rule?.detector.score?.(rule.state) ?? 0;
  };
  const several = rules.some((r) => r.type === "correlation");
  if (!several) {
    const score = scoreOf("novelty");
    return { score, prediction: score >= NOVEL ? 1 : 0 };
  }
  // A machine that goes through cycles is judged within them; elsewhere its signals are taken together.
  const judge = scoreOf("cycle") > 0 ? "cycle" : "correlation";
  const active = rules.some((r) => r.type === judge && isActive(r.state));
  return { score: scoreOf(judge), prediction: active ? 1 : 0 };
}

const isActive = (state: unknown): boolean =>
  typeof state === "object" && state !== null && "active" in state && state.active === true;
