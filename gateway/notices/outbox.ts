import { z } from "zod";
import type { Notifier } from "../core/alarm.ts";
import { Fault } from "../core/fault.ts";
import type { Cell, Cells } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import type { Delivery, Fate } from "../core/notice.ts";
import { type Clock, DAY, epochMs, MINUTE, SECOND, type SteadyMs } from "../core/time.ts";

/** A delivery with what only the outbox needs to know. */
interface Parcel extends Delivery {
  /** Steady time since which it waits: the wall clock may be days wrong until somebody sets it. */
  readonly since: number;
  /** Steady time of the next try. */
  readonly next: number;
  /** Already given to the person's next channel as well. */
  readonly helped: boolean;
}

const KIND = "delivery";
const MOST_QUEUED = 1_000;
const MOST_KEPT = 2_000;
const TRY_WITHIN = 60 * SECOND;
const PAUSE_MIN = 10 * SECOND;
const PAUSE_MAX = 10 * MINUTE;
/** After this many failures the person's next channel gets the message too. */
const HELP_AFTER = 2;
/** A message that could not be sent for so long is news no more. */
const GIVE_UP_AFTER = DAY;

const epoch = z.number().transform(epochMs);
const parcelCell: z.ZodType<Parcel> = z.object({
  id: z.string(),
  person: z.string(),
  channel: z.string(),
  kind: z.enum(["alarm", "flood", "summary", "digest", "well", "test"]),
  alarms: z.array(z.string()),
  message: z.object({
    id: z.string(),
    person: z.string(),
    address: z.string(),
    language: z.enum(["fr", "en"]),
    priority: z.enum(["high", "medium", "low"]),
    title: z.string(),
    body: z.string(),
    short: z.string(),
    code: z.string().optional(),
    link: z.string().optional(),
    test: z.literal(true).optional(),
  }) as z.ZodType<Parcel["message"]>,
  state: z.enum(["queued", "sent", "failed", "received", "acknowledged", "dropped"]),
  tries: z.int(),
  created: epoch,
  changed: epoch,
  since: z.number().default(0),
  next: z.number(),
  helped: z.boolean(),
  cause: z.object({ fr: z.string(), en: z.string() }).optional(),
  error: z.string().optional(),
}) as z.ZodType<Parcel>;

const rank = { low: 0, medium: 1, high: 2 } as const;
const rankOf = ({ message }: Parcel): number => rank[message.priority];

export interface OutboxParts {
  cells: Cells;
  channels: ReadonlyMap<string, Notifier>;
  clock: Clock;
  meters: Meters;
  steady(): SteadyMs;
  /** Makes the same message for the person's next channel; undefined where there is none. */
  help(delivery: Delivery): Delivery | undefined;
}

/** Messages on their way, one queue per channel. Everything that was queued is sent, dropped with a reason, or failed. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #parcels = new Map<string, Parcel>();
  readonly #busy = new Map<string, Promise<void>>();
  #dirty = new Set<string>();

  private constructor(parts: OutboxParts) {
    this.#parts = parts;
    parts.meters.probe(() => {
      for (const state of ["queued", "sent", "failed", "received", "acknowledged", "dropped"] as const) {
        const series = parts.meters.gauge("notices_deliveries", "Messages to people that are still on record", {
          state,
        });
        series.value = [...this.#parcels.values()].filter((parcel) => parcel.state === state).length;
      }
    });
  }

  static async load(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts);
    const parcels = [...(await parts.cells.load(KIND)).values()].flatMap(
      (cell) => parcelCell.safeParse(cell).data ?? [],
    );
    for (const parcel of parcels.sort((a, b) => a.created - b.created)) outbox.#parcels.set(parcel.id, parcel);
    return outbox;
  }

  /** Newest first. */
  list(): Delivery[] {
    return [...this.#parcels.values()].reverse();
  }

  get(id: string): Delivery | undefined {
    return this.#parcels.get(id);
  }

  add(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#set({ ...delivery, since: this.#parts.steady(), next: 0, helped: false });
    this.#bound();
  }

  /** What waits for nobody any more is not sent. */
  drop(isOpen: (delivery: Delivery) => boolean): void {
    for (const parcel of this.#parcels.values())
      if (parcel.state === "queued" && !isOpen(parcel)) this.#settle(parcel, { state: "dropped" });
  }

  /** That person has acknowledged that alarm. */
  acknowledged(alarm: string, person: string): void {
    for (const parcel of this.#parcels.values())
      if (parcel.person === person && parcel.alarms.includes(alarm) && parcel.state !== "dropped")
        this.#settle(parcel, { state: "acknowledged" });
  }

  /** What the channel has learned of a message since: it has arrived, or never will. Then the person's next channel gets it. */
  learned(id: string, fate: Fate): void {
    const parcel = this.#parcels.get(id);
    if (parcel?.state !== "sent") return;
    if (fate.kind === "received") this.#settle(parcel, { state: "received" });
    else {
      const help = parcel.helped ? undefined : this.#parts.help(parcel);
      this.#settle(parcel, { state: "failed", error: fate.why.en, cause: fate.why, helped: true });
      if (help) this.add([help]);
    }
  }

  /** The cells that changed since the last call: to be written in the caller's transaction. */
  cells(): Cell[] {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    return [...dirty].map((id) => ({ kind: KIND, key: id, value: this.#parcels.get(id) ?? null }));
  }

  /** Puts back what a failed commit did not write. */
  again(cells: readonly Cell[]): void {
    for (const { kind, key } of cells) if (kind === KIND) this.#dirty.add(key);
  }

  /** Sets every channel to work that has something to send. Resolves when all are idle. */
  async kick(signal: AbortSignal): Promise<void> {
    for (const [id, notifier] of this.#parts.channels) {
      if (this.#busy.has(id) || !this.#due(id)) continue;
      const work = this.#drain(id, notifier, signal).finally(() => this.#busy.delete(id));
      this.#busy.set(id, work);
    }
    await Promise.all(this.#busy.values());
  }

  async #drain(channel: string, notifier: Notifier, signal: AbortSignal): Promise<void> {
    for (let parcel = this.#due(channel); parcel && !signal.aborted; parcel = this.#due(channel)) {
      await this.#try(parcel, notifier, signal);
      const cells = this.cells();
      await this.#parts.cells.commit({ cells, urgent: false }).catch(() => this.again(cells));
    }
  }

  async #try(parcel: Parcel, notifier: Notifier, signal: AbortSignal): Promise<void> {
    try {
      await notifier.deliver?.(parcel.message, AbortSignal.any([signal, AbortSignal.timeout(TRY_WITHIN)]));
      const now = this.#parcels.get(parcel.id) ?? parcel;
      // It may have been acknowledged while it was under way.
      this.#settle(now, { state: now.state === "queued" ? "sent" : now.state, tries: parcel.tries + 1 });
    } catch (error) {
      if (!signal.aborted) this.#failed(parcel, error);
    }
  }

  #failed(parcel: Parcel, problem: unknown): void {
    const tries = parcel.tries + 1;
    const now = this.#parts.steady();
    const old = now - parcel.since > GIVE_UP_AFTER;
    const pause = Math.min(PAUSE_MAX, PAUSE_MIN * 2 ** (tries - 1));
    const help = tries >= HELP_AFTER && !parcel.helped ? this.#parts.help(parcel) : undefined;
    this.#settle(parcel, {
      tries,
      error: problem instanceof Error ? problem.message : String(problem),
      ...(problem instanceof Fault && { cause: problem.text }),
      state: old ? "failed" : parcel.state,
      next: now + pause,
      helped: parcel.helped || tries >= HELP_AFTER,
    });
    if (help) this.add([help]);
  }

  /** The oldest of the most important: a slow channel brings the alarm before the digest. */
  #due(channel: string): Parcel | undefined {
    const now = this.#parts.steady();
    let first: Parcel | undefined;
    for (const parcel of this.#parcels.values()) {
      if (parcel.channel !== channel || parcel.state !== "queued" || parcel.next > now) continue;
      if (!first || rankOf(parcel) > rankOf(first)) first = parcel;
    }
    return first;
  }

  #settle(parcel: Parcel, change: Partial<Parcel>): void {
    this.#set({ ...parcel, ...change, changed: this.#parts.clock.now() });
  }

  #set(parcel: Parcel): void {
    this.#parcels.set(parcel.id, parcel);
    this.#dirty.add(parcel.id);
  }

  /** Too much in the queue: the oldest of the least important goes first, as failed, with its reason. */
  #bound(): void {
    const queued = [...this.#parcels.values()].filter(({ state }) => state === "queued");
    const order = queued.sort((a, b) => rankOf(a) - rankOf(b) || a.since - b.since);
    for (const parcel of order.slice(0, Math.max(0, queued.length - MOST_QUEUED)))
      this.#settle(parcel, { state: "failed", error: "too many messages wait" });
    for (const [id, { state }] of this.#parcels) {
      if (this.#parcels.size <= MOST_KEPT) break;
      if (state === "queued") continue;
      this.#parcels.delete(id);
      this.#dirty.add(id);
    }
  }
}
