import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clock } from "../../../gateway/clock.ts";
import {
  ActionRefused,
  type Alarm,
  type AlarmAction,
  type AlarmEvent,
  type Alarms,
} from "../../../gateway/core/alarm.ts";
import type { Burst } from "../../../gateway/core/burst.ts";
import type { Bucket, Historian } from "../../../gateway/core/history.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Redeemed } from "../../../gateway/core/notice.ts";
import type { AlarmOffice, AlarmQuality, Explanation, Maintenance, RuleView } from "../../../gateway/core/office.ts";
import type { Point, PointId } from "../../../gateway/core/point.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import type { WebParts } from "../../../gateway/web/parts.ts";
import { createWeb, type Web } from "../../../gateway/web/server.ts";
import { webSettings } from "../../../gateway/web/settings.ts";
import { MemoryCells, point, quiet } from "../../sim/peers/kit.ts";
import { MemoryLog } from "../../sim/peers/memory-log.ts";

export const anAlarm = (id: string, more: Partial<Alarm> = {}): Alarm => ({
  id,
  machine: "tour-2",
  rule: "limit",
  class: "alarm",
  priority: "high",
  level: "alert",
  state: "unacked",
  active: true,
  occurrence: 1,
  since: epochMs(1_700_000_000_000),
  text: { fr: "Pression d'huile basse", en: "Oil pressure low" },
  ...more,
});

export const anEvent = (alarm: Alarm): AlarmEvent => ({
  t: epochMs(1_700_000_000_000),
  alarm,
  from: "normal",
  to: alarm.state,
  by: "system",
  reason: "limit",
  quality: "good",
  annunciated: true,
});

/** The alarm engine as the web server knows it: a list, and actions that it may refuse. */
class FewAlarms implements Alarms {
  readonly all = new Map<string, Alarm>();
  readonly acts: { id: string; action: AlarmAction }[] = [];
  list = () => [...this.all.values()];
  get = (id: string) => this.all.get(id);
  async act(id: string, action: AlarmAction): Promise<Alarm> {
    const alarm = this.all.get(id);
    if (!alarm) throw new ActionRefused("unknown-alarm", `There is no alarm ${id}.`);
    if (alarm.state !== "unacked") throw new ActionRefused("not-now", "It is acknowledged already.");
    const acked: Alarm = { ...alarm, state: "acked", ackedBy: action.by };
    this.all.set(id, acked);
    this.acts.push({ id, action });
    return acked;
  }
}

class FlatHistory implements Historian {
  async range(_point: PointId, from: number, to: number, buckets: number): Promise<readonly Bucket[]> {
    const step = (to - from) / buckets;
    return Array.from({ length: buckets }, (_, i) => ({
      t: epochMs(Math.round(from + i * step)),
      ...(i % 2
        ? { min: null, mean: null, max: null, count: 0, bad: 3, why: "timeout" as const }
        : { min: 1, mean: 2, max: 3, count: 9, bad: 0 }),
    }));
  }
  async *samples(_point: PointId, from: number, to: number) {
    for (let t = from; t < to; t += 1_000) yield { t: epochMs(t), value: t % 2_000 ? 1.5 : null };
  }
  async counted(): Promise<number | null> {
    return 7;
  }
}

const aRule = (id: string, type = "limit"): RuleView => ({
  ...{ id, type, machine: "tour-2", point: "tour-2/temp", enabled: true, byDefault: type === "stale", votes: false },
  ...{ design: {} as RuleView["design"], options: {} },
});

/** An alarm office of few rules, that remembers what it was told. */
function smallOffice(): AlarmOffice {
  const planned: Maintenance[] = [];
  return {
    rules: [aRule("limit-1"), aRule("tour-2-temp-stale", "stale")],
    explain: (rule) => (rule === "limit-1" ? ({ answer: sameText("below") } as Explanation) : undefined),
    quality: async (from, to) => ({ from, to, perDay: 1 }) as AlarmQuality,
    actAll: async (machine) => [anAlarm("a1", { machine, state: "acked" })],
    maintenance: () => planned,
    maintain: async (one) => void planned.push(one),
    judge: async ({ verdict }) =>
      verdict === "wrong" ? [{ rule: "limit-1", option: "delay.on", to: "30s", why: sameText("short") }] : [],
  };
}

/** What somebody said that the time is. */
export const timesSet: { now: number; by: string }[] = [];

/** Backups that were put in place. */
export const restored: string[] = [];

/** The parts that a gateway may have or not. */
export function furniture(folder: string): Partial<WebParts> {
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, siteFile);
  const bursts = new MemoryLog<Burst>();
  const clients = new Map<string, string>();
  const redeemed = new Set<string>();
  const look = (token: string): Redeemed => {
    if (token !== "right") return { ok: false, why: "unknown" };
    return redeemed.has(token) ? { ok: false, why: "used" } : { ok: true, by: "Paul", alarms: [anAlarm("a1")] };
  };
  return {
    bursts,
    spectrum: (samples, rate) => ({ power: Float64Array.from(samples, (v) => v * v), step: rate / samples.length }),
    config: {
      file,
      check: async (yaml) =>
        yaml.includes("wrong")
          ? { problems: [`${file}:1:1 site: wrong`], report: [] }
          : { problems: [], report: [{ fr: `bus : ${yaml.length}`, en: `bus: ${yaml.length}` }] },
    },
    cases: () => [{ machine: "tour-2" }],
    logLines: () => [],
    waterfall: async ({ point }) => ({ point, bands: [], rows: [] }),
    commissioning: {
      ports: async () => [],
      profiles: () => [],
      async *scan() {
        yield { kind: "done" as const, found: 0 };
      },
      look: async () => [],
      decode: async () => [],
    },
    async *backtest({ to }) {
      yield { kind: "done" as const, at: to, readings: 0, alerts: 0, watches: 0 };
    },
    office: smallOffice(),
    store: {
      now: () => epochMs(1_700_000_000_000),
      timeQuality: () => (timesSet.length > 0 ? "synced" : "unsynced"),
      setTime: (now, by) => void timesSet.push({ now, by }),
      backup: async (to) => writeFileSync(to, "copy"),
      check: async (file) => {
        if (readFileSync(file, "utf8").slice(0, 4) !== "copy") throw new Error(`${file} is not a store of Vigie`);
      },
      restore: async (file) => void restored.push(readFileSync(file, "utf8")),
    },
    broker: {
      presets: ["reader", "edge"],
      list: () => [...clients.keys()].map((name) => ({ name, created: 0, publish: [], subscribe: [] })),
      connected: () => [],
      create: async (name, preset) => {
        clients.set(name, preset);
        return "word";
      },
      revoke: async (name) => clients.delete(name),
    },
    postman: {
      deliveries: () => [],
      drills: () => [],
      people: () => [],
      personOf: (account) => (account === "local" ? "Paul" : undefined),
      duty: () => [{ rota: "nuit", who: "Paul", backup: undefined, shifts: [], gaps: [], exceptions: [] }],
      calendar: (rota) => (rota === "nuit" ? "BEGIN:VCALENDAR" : undefined),
      look,
      redeem: async (token) => {
        const outcome = look(token);
        redeemed.add(token);
        return outcome;
      },
      drill: async () => undefined,
    },
  };
}

export const siteFile = `# The lathe hall
site: { id: nord } # not the office
drivers:
  # the long cable
  - id: ligne-1
    type: modbus
    devices: []
`;

/** Everything a web server needs, in memory, on a free port of loopback. */
export async function world(settings: object = {}, more: Partial<WebParts> = {}) {
  const alarms = new FewAlarms();
  const notices = new MemoryLog<AlarmEvent>();
  const cells = new MemoryCells();
  const folder = more.folder ?? mkdtempSync(join(tmpdir(), "vigie-web-"));
  const points = new Map<PointId, Point>(
    [point("tour-2/oil_pressure", "bar"), point("tour-2/temp"), point("scie-1/temp")].map((p) => [p.id, p]),
  );
  const now = { steady: 10_000 };
  const parts: WebParts = {
    settings: webSettings.parse({ port: 0, open: true, ...settings }),
    site: { id: "nord", name: "Atelier Nord", timezone: "Europe/Paris", language: "fr" },
    version: "0.1.0",
    clock,
    memory: () => process.memoryUsage.rss(),
    say: quiet,
    meters: new Meters(),
    machines: new Map([
      ["tour-2", { id: "tour-2", name: sameText("Tour"), class: "II", code: "T2" }],
      ["scie-1", { id: "scie-1", name: { fr: "Scie <img src=x onerror=alert(1)>", en: "Saw" } }],
    ]),
    points,
    drivers: new Map([["ligne-1", { type: "modbus", state: () => "running", devices: () => [] }]]),
    alarms,
    historian: new FlatHistory(),
    readings: { head: () => ({ newest: 0, oldest: 0 }) },
    notices,
    cells,
    steady: () => steadyMs(now.steady),
    machineView: () => ({ state: "running", health: 87, reasons: [sameText("good")] }),
    behind: () => ({ influx: 3 }),
    logState: () => "ok",
    folder,
    dashboard: undefined,
    ...more,
  };
  const web: Web = await createWeb(parts);
  return { web, parts, alarms, notices, cells, now, folder, api: (path: string) => `${web.url}/api/v1${path}` };
}

export type World = Awaited<ReturnType<typeof world>>;

export interface SseEvent {
  id: string;
  event: string;
  data: unknown;
}

/** A live page: what a browser's EventSource would see. */
export function listen(url: string, headers: Record<string, string> = {}) {
  const events: SseEvent[] = [];
  const state = { closed: false, status: 0 };
  let rest = "";
  const request = get(url, { headers }, (response) => {
    state.status = response.statusCode ?? 0;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1] ?? "";
        if (field("event")) events.push({ id: field("id"), event: field("event"), data: JSON.parse(field("data")) });
      }
    });
    response.on("close", () => {
      state.closed = true;
    });
    response.on("error", () => undefined);
  });
  request.on("error", () => {
    state.closed = true;
  });
  return { events, state, of: (name: string) => events.filter((e) => e.event === name), stop: () => request.destroy() };
}
