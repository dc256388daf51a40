import { type Detector, type Finding, HEARTBEAT, type MachineState } from "../../../gateway/core/detector.ts";
import type { FaultCode } from "../../../gateway/core/fault.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import type { Machine, Point, Signal } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, type Ms, SECOND, steadyMs } from "../../../gateway/core/time.ts";
import type { DetectorContext, DetectorPlugin } from "../../../gateway/plugin.ts";

/** A machine with the given signals, as the engine hands it to a detector. The rule is about the first signal. */
export function contextOf(
  plugin: DetectorPlugin,
  signals: readonly (Partial<Signal> & { name: string })[],
  machine?: Partial<Machine>,
): DetectorContext {
  const points: Point[] = signals.map((signal) => ({
    id: `lathe/${signal.name}`,
    machine: "lathe",
    signal: { unit: "1", kind: "gauge", every: SECOND, ...signal },
    driver: "d",
    device: "x",
  }));
  return {
    id: "rule",
    site: { id: "s", name: "S", timezone: "Europe/Paris", language: "fr" },
    machine: { id: "lathe", name: { fr: "Tour", en: "Lathe" }, ...machine },
    point: plugin.about === "point" ? points[0] : undefined,
    points,
  };
}

/** Plays entries to a detector as the engine does: frozen, in order, the state handed over. */
export class Player {
  readonly #detector: Detector;
  readonly #context: DetectorContext;
  #state: unknown;
  #seq = 0;
  #steady = 1_000_000;
  #since = this.#steady;
  boot = 1;
  doing: MachineState = "unknown";
  readonly findings: Finding[] = [];

  constructor(plugin: DetectorPlugin, given: unknown, context: DetectorContext) {
    this.#context = context;
    this.#detector = plugin.create(plugin.options.parse(given), context);
    this.#state = structuredClone(this.#detector.initial);
  }

  /** Time passes; nothing is said. */
  wait(ms: Ms): this {
    this.#steady += ms;
    return this;
  }

  become(doing: MachineState): this {
    if (doing !== this.doing) this.#since = this.#steady;
    this.doing = doing;
    return this;
  }

  reading(value: number, signal?: string): Finding | undefined {
    return this.#step(good(this.#id(signal), this.now, value));
  }

  bad(why: FaultCode, signal?: string): Finding | undefined {
    return this.#step(bad(this.#id(signal), this.now, why));
  }

  tick(): Finding | undefined {
    return this.#step(good(HEARTBEAT, this.now, 1));
  }

  /** A heartbeat a second for so long; what was found meanwhile. */
  ticks(ms: Ms, every: Ms = SECOND): Finding[] {
    const before = this.findings.length;
    for (let passed = 0; passed < ms; passed += every) this.wait(every).tick();
    return this.findings.slice(before);
  }

  get state(): unknown {
    return this.#state;
  }

  /** The state as another gateway left it on disk. */
  edit(change: (json: string) => string): void {
    this.#state = JSON.parse(change(JSON.stringify(this.#state)));
  }

  get size(): number {
    return JSON.stringify(this.#state).length;
  }

  #id(signal: string | undefined) {
    const point = this.#context.points.find((p) => signal === undefined || p.signal.name === signal);
    if (!point) throw new Error(`no signal ${signal}`);
    return point.id;
  }

  get now() {
    return epochMs(1_750_000_000_000 + this.#steady);
  }

  #step(item: Reading): Finding | undefined {
    const entry: Entry<Reading> = Object.freeze({
      seq: ++this.#seq,
      boot: this.boot,
      steady: steadyMs(this.#steady),
      tq: "synced",
      item: Object.freeze(item),
    });
    const step = this.#detector.step(this.#state, entry, { state: this.doing, since: steadyMs(this.#since) });
    this.#state = step.state;
    if (step.finding) this.findings.push(step.finding);
    return step.finding;
  }
}
