import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type RuleEntry, ruleHead } from "../../../gateway/alarms/rule.ts";
import type { Message } from "../../../gateway/core/alarm.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { ID_PATTERN, type PointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, HOUR, parseDuration, SECOND, steadyMs } from "../../../gateway/core/time.ts";
import limit from "../../../gateway/detectors/limit.ts";
import stale from "../../../gateway/detectors/stale.ts";
import { openPostman, type Postman } from "../../../gateway/notices/postman.ts";
import { noticeSettings } from "../../../gateway/notices/settings.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { quiet } from "../../sim/peers/kit.ts";
import { machine, point, Shop, START } from "./shop.ts";

/** One line of `readings.csv`: a value, a cause in words for a bad reading, or something that people do. */
interface Line {
  at: number;
  what: string;
  value: string;
}

const plugins = new Map([
  ["limit", limit],
  ["stale", stale],
]);

/**
 * Plays a folder of test/fixtures/alarms: `site.yaml` (points, detectors, notices), `readings.csv`, and gives every move
 * of an alarm and every message as a line of text with its wall time in UTC.
 */
export async function played(folder: string): Promise<string[]> {
  const site = parse(readFileSync(join(folder, "site.yaml"), "utf8"));
  const lines = linesOf(readFileSync(join(folder, "readings.csv"), "utf8"));
  const chain = await Chain.open(site, lines[0]?.at ?? START);
  for (const line of lines) {
    await chain.until(line.at);
    await chain.play(line);
  }
  await chain.until((lines.at(-1)?.at ?? START) + SECOND);
  return chain.told;
}

function linesOf(csv: string): Line[] {
  const rows = csv.trim().split("\n").slice(1);
  return rows.map((row) => {
    const [time = "", what = "", ...value] = row.split(",").map((cell) => cell.trim());
    return { at: Date.parse(time), what, value: value.join(",") };
  });
}

class Chain {
  readonly told: string[] = [];
  readonly #shop: Shop;
  readonly #site: Record<string, unknown>;
  readonly #clock: VirtualClock;
  /** What points say every second until another line says otherwise. */
  readonly #held = new Map<PointId, string>();
  #postman: Postman | undefined;
  #running: { stop: AbortController; done: Promise<void> } | undefined;
  #heard = 0;
  /** Seconds of the story, which a step of the wall clock does not move. */
  #at: number;

  private constructor(shop: Shop, site: Record<string, unknown>, at: number) {
    this.#shop = shop;
    this.#site = site;
    this.#at = at;
    this.#clock = new VirtualClock({ wall: at, monotonic: shop.steady });
  }

  static async open(site: Record<string, unknown>, at: number): Promise<Chain> {
    const points = (site.points as { id: PointId; device?: string }[]).map(({ id, device }) =>
      point(id, device ? { device } : {}),
    );
    const rules = (site.detectors as Record<string, unknown>[]).map(ruleOf);
    const shop = await Shop.open({ points, rules, plugins });
    shop.step = at - START - shop.steady;
    const chain = new Chain(shop, site, at);
    await chain.#start();
    return chain;
  }

  async until(at: number): Promise<void> {
    for (; this.#at < at; this.#at += SECOND) {
      await this.#shop.pass(1, () => [...this.#held].map(([id, value]) => this.#reading(id, value)));
      await this.#clock.advance(SECOND);
      await this.#hear();
    }
  }

  async play({ what, value }: Line): Promise<void> {
    const [first = "", ...rest] = value.split(" ");
    if (what === "!restart") {
      await this.#shop.restart();
      await this.#start();
    } else if (what === "!step") {
      const ms = (first.startsWith("-") ? -1 : 1) * (parseDuration(first.replace(/^[+-]/, "")) ?? 0);
      this.#shop.step += ms;
      this.#clock.step(ms);
    } else if (what === "!ack" || what === "!reset" || what === "!return-to-service" || what === "!unshelve") {
      const kind = what.slice(1) as "ack" | "reset" | "return-to-service" | "unshelve";
      await this.#shop.engine.act(first, { kind, by: rest.join(" ") });
    } else if (what === "!out-of-service")
      await this.#shop.engine.act(first, { kind: "out-of-service", by: rest.join(" "), reason: "essai" });
    else if (what === "!shelve")
      await this.#shop.engine.act(first, {
        kind: "shelve",
        by: rest.join(" "),
        until: epochMs(this.#shop.t + HOUR),
        reason: "essai",
      });
    else for (const id of this.#points(what)) this.#held.set(id, value);
    await this.#hear();
  }

  /** `*` is every point. */
  #points(what: string): PointId[] {
    return this.#shop.points.map((one) => one.id).filter((id) => what === "*" || id === what);
  }

  #reading(id: PointId, value: string): Reading {
    return ID_PATTERN.test(value) && Number.isNaN(Number(value))
      ? bad(id, this.#shop.t, value as "timeout")
      : good(id, this.#shop.t, Number(value));
  }

  async #start(): Promise<void> {
    this.#running?.stop.abort();
    const stop = new AbortController();
    const { engine, memory } = this.#shop;
    const machines = new Map(this.#shop.points.map((p) => [p.machine, machine(p.machine)]));
    const names = this.#site.machines as Record<string, string> | undefined;
    for (const [id, name] of Object.entries(names ?? {})) machines.set(id, { id, name: { fr: name, en: name } });
    this.#postman = await openPostman({
      settings: noticeSettings.parse(this.#site.notices ?? {}),
      site: { id: "atelier", name: "Atelier", timezone: "Europe/Paris", language: "fr" },
      ...{ machines, alarms: engine, cells: memory, clock: this.#clock, meters: new Meters(), say: quiet },
      notifiers: [
        {
          name: "sms",
          deliver: async (message: Message) =>
            void this.#line(`${message.person} ${message.short.replace(/ OK=\d{4}$/, "")}`),
        },
      ],
      steady: () => steadyMs(this.#shop.steady),
    });
    this.#running = { stop, done: this.#postman.run(stop.signal) };
    await this.#clock.advance(0);
  }

  /** Hands new notices to the postman, and writes every move down. */
  async #hear(): Promise<void> {
    const fresh = this.#shop.memory.notices.slice(this.#heard);
    this.#heard += fresh.length;
    for (const { item } of fresh)
      if (item.alarm.level === "alert")
        this.#line(`${item.alarm.id}: ${item.from} > ${item.to}${item.by === "system" ? "" : ` (${item.by})`}`);
    if (fresh.length > 0) await this.#postman?.follower.apply(fresh, "live");
    await this.#clock.advance(0);
  }

  #line(words: string): void {
    this.told.push(`${new Date(this.#shop.t).toISOString().slice(0, 19)}Z ${words}`);
  }
}

function ruleOf(given: Record<string, unknown>): RuleEntry {
  const known = new Set(Object.keys(ruleHead.shape));
  const part = (own: boolean) => Object.fromEntries(Object.entries(given).filter(([key]) => known.has(key) === own));
  const head = ruleHead.parse(part(true));
  return { head, options: plugins.get(head.type)?.options.parse(part(false)) };
}
