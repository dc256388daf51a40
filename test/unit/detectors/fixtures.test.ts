import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { type Detector, HEARTBEAT } from "../../../gateway/core/detector.ts";
import { faultCode } from "../../../gateway/core/fault.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import { type Point, pointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { epochMs, parseDuration, SECOND, steadyMs } from "../../../gateway/core/time.ts";
import { loadPlugins } from "../../../gateway/plugin.ts";

/**
 * Each folder of test/fixtures/predict is a case that happened or could: `readings.csv` (time, state of the machine, one
 * column per signal; an empty cell brings nothing, `!timeout` a bad reading), `rules.yaml`, and in `expected.jsonl`
 * every finding. A bug report becomes such a folder.
 */
const root = join(import.meta.dirname, "../../fixtures/predict");

const caseFile = z.strictObject({
  machine: z.strictObject({ id: z.string(), name: z.string(), kind: z.string().optional() }),
  points: z.record(
    z.string(),
    z.strictObject({
      unit: z.string(),
      every: z.string(),
      kind: z.enum(["gauge", "counter", "state"]).default("gauge"),
      range: z.tuple([z.number(), z.number()]).optional(),
    }),
  ),
  rules: z.array(z.looseObject({ type: z.string(), point: z.string().optional() })),
});

const doingAt = z.enum(["unknown", "off", "idle", "running", "transient"]);

const { detectors } = await loadPlugins();

test.each(readdirSync(root))("%s", (name) => {
  const file = (part: string) => readFileSync(join(root, name, part), "utf8").trim();
  const { machine, points, rules } = caseFile.parse(parse(file("rules.yaml")));
  const signals = Object.entries(points).map(([signal, { every, range, ...rest }]): Point => {
    const id = pointId(machine.id, signal);
    const told = { name: signal, ...rest, every: parseDuration(every) ?? SECOND, ...(range && { range }) };
    return { id, machine: machine.id, signal: told, driver: "d", device: "x" };
  });
  const running = rules.map(({ type, point, ...given }) => {
    const plugin = detectors.get(type);
    if (!plugin) throw new Error(`no rule type ${type}`);
    const detector: Detector = plugin.create(plugin.options.parse(given), {
      id: type,
      site: { id: "s", name: "S", timezone: "Europe/Paris", language: "fr" },
      machine: { id: machine.id, name: sameText(machine.name), ...(machine.kind && { kind: machine.kind }) },
      point: signals.find((p) => p.signal.name === point),
      points: signals,
    });
    return { type, detector, state: structuredClone(detector.initial) as unknown };
  });
  const said: unknown[] = [];
  let [seq, since, before] = [0, 0, ""];
  const [head = "", ...lines] = file("readings.csv").split("\n");
  const columns = head.split(",").slice(2);
  for (const line of lines) {
    const [time = "", doing = "", ...cells] = line.split(",");
    const t = epochMs(Date.parse(`${time}Z`));
    if (doing !== before) [since, before] = [t, doing];
    const around = { state: doingAt.parse(doing || "unknown"), since: steadyMs(since) };
    const feed = (item: Reading) => {
      const entry: Entry<Reading> = Object.freeze({ seq: ++seq, boot: 1, steady: steadyMs(t), tq: "synced", item });
      for (const rule of running) {
        const step = rule.detector.step(rule.state, entry, around);
        rule.state = step.state;
        if (!step.finding) continue;
        const { active, level, point, text } = step.finding;
        said.push({ t: time, rule: rule.type, ...(point && { point }), active, level, text });
      }
    };
    columns.forEach((signal, i) => {
      const cell = cells[i]?.trim() ?? "";
      const id = pointId(machine.id, signal);
      if (cell.startsWith("!")) feed(bad(id, t, faultCode(cell.slice(1))));
      else if (cell !== "") feed(good(id, t, Number(cell)));
    });
    feed(good(HEARTBEAT, t, 1));
  }
  const expected = file("expected.jsonl")
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(said).toEqual(expected);
});
