import { BURST_MAX } from "../../../firmware-bridge/bursts.ts";
import type { MessageOf } from "../../../firmware-bridge/message.ts";
import {
  type DatedSample,
  type Hears,
  type NodeDescription,
  type NodeMark,
  Talk,
} from "../../../firmware-bridge/talk.ts";
import type { Burst } from "../../core/burst.ts";
import type { Batch } from "../../core/driver.ts";
import type { FaultCode } from "../../core/fault.ts";
import type { Cell } from "../../core/log.ts";
import type { PointId } from "../../core/point.ts";
import { bad, type Reading } from "../../core/reading.ts";
import type { Text } from "../../core/text.ts";
import { type EpochMs, epochMs, MINUTE, type Ms, SECOND } from "../../core/time.ts";
import { ucum } from "../../core/unit.ts";
import type { DriverContext } from "../../plugin.ts";
import { inUnit, type KnownNode, misfit, readingOf } from "./places.ts";
import { Receipts } from "./receipts.ts";
import { isNew, misfits, noBurst, refusesSetting, there } from "./words.ts";

const STANDARD_GRAVITY = 9.806_65;
/** The kind of the cells that say how far a node has been read. */
export const MARKS = "node";
/** After this long without news the points of a node begin to say so. */
const PATIENCE: Ms = 4 * SECOND;

/** The conversation on one port, turned into batches. Whichever node is plugged in is looked up among the known ones. */
export class Session implements Hears {
  readonly talk: Talk;
  readonly marks = new Map<string, NodeMark>();
  lastStatus: MessageOf<"status"> | undefined;
  /** Why the port is not open; undefined while it is. */
  down: FaultCode | undefined;
  readonly #context: DriverContext;
  readonly #nodes: ReadonlyMap<string, KnownNode>;
  readonly #receipts: Receipts;
  readonly #quietSince = new Map<string, Ms>();
  #current: KnownNode | undefined;
  #taken: { reading: Reading; at: Ms }[] = [];
  #last: { boot: number; last: number } | undefined;
  #bursts: Burst[] = [];

  constructor(nodes: ReadonlyMap<string, KnownNode>, send: (bytes: Uint8Array) => void, context: DriverContext) {
    this.#nodes = nodes;
    this.#context = context;
    this.talk = new Talk(send, this);
    this.#receipts = new Receipts((boot, last) => this.#saved(boot, last));
  }

  mark(id: string): NodeMark | undefined {
    return this.marks.get(id);
  }

  described(node: NodeDescription): void {
    const { hello, channels } = node;
    const known = this.#nodes.get(hello.id);
    this.#current = known;
    this.lastStatus = undefined;
    this.#tell("info", there(hello));
    if (!known) {
      const names = channels.map((c) => c.name);
      this.#tell("warn", isNew(hello.id, names));
      return;
    }
    for (const place of known.places) {
      const channel = channels.find((c) => c.name === place.channel);
      const wrong = misfit(place, channel);
      delete place.refused;
      if (wrong) place.refused = channel ? "garbled" : "no_sensor";
      if (wrong) this.#tell("warn", misfits(hello.id, wrong));
      const every = place.options.every ?? known.entry.every;
      if (channel && every) this.talk.set("period", channel.index, every);
      else if (channel && channel.period > 0) place.point.signal.every = channel.period;
    }
    for (const place of known.bursts) {
      const { channel: name, options } = place;
      const channel = channels.find((c) => c.name === name && c.kind === "burst" && stepInG(c) > 0);
      delete place.refused;
      if (!channel) {
        place.refused = "no_sensor";
        this.#tell("warn", misfits(hello.id, noBurst(name)));
        continue;
      }
      this.talk.set("burst-count", channel.index, Math.min(options.count, BURST_MAX));
      this.talk.set("burst-rate", channel.index, options.rate);
      this.talk.set("burst-every", channel.index, Math.round((options.every ?? 0) / SECOND));
      this.talk.set("burst-above", channel.index, Math.round((options.above ?? 0) / stepInG(channel)));
    }
  }

  samples(samples: readonly DatedSample[], last: number, boot: number): boolean {
    if (!this.#receipts.room) return false;
    this.#last = { boot, last };
    for (const dated of samples) {
      const place = this.#current?.places.find((p) => p.channel === dated.channel.name && !p.refused);
      if (!place) continue;
      this.#taken.push({ reading: readingOf(place, dated, this.#wall(dated.at)), at: dated.at });
    }
    return true;
  }

  burst(burst: Parameters<Hears["burst"]>[0], channel: MessageOf<"channel">): void {
    const place = this.#current?.bursts.find((b) => b.channel === channel.name);
    if (!place) return;
    const step = stepInG(channel);
    this.#bursts.push({
      point: place.point,
      t: this.#wall(burst.at),
      rate: burst.rate,
      samples: Float32Array.from(burst.raw, (raw) => raw * step),
      clipped: burst.saturated,
    });
  }

  setting({ key, channel, value, result }: MessageOf<"setting">): void {
    if (result === "ok") return;
    const name = this.talk.node?.channels[channel]?.name ?? `${channel}`;
    this.#tell("warn", refusesSetting(key, name, result, value));
  }

  #tell(how: "info" | "warn", text: Text): void {
    const { id, say, site } = this.#context;
    say[how](`${id}: ${text[site.language]}`);
  }

  status(status: MessageOf<"status">): void {
    this.lastStatus = status;
  }

  /** What has come in since the last call, and the silence of whoever should have spoken. */
  collect(now: Ms): Batch | undefined {
    if (this.#receipts.givenUp(now)) this.talk.again();
    const silences = this.#silences(now);
    const taken = this.#taken;
    const last = this.#last;
    const bursts = this.#bursts;
    if (taken.length + silences.length + bursts.length === 0 && !last) return undefined;
    this.#taken = [];
    this.#bursts = [];
    this.#last = undefined;
    return {
      readings: [...taken.map((t) => t.reading), ...silences],
      monotonic: [...taken.map((t) => t.at), ...silences.map(() => now)],
      ...(bursts.length > 0 && { bursts }),
      ...(last && { saved: this.#receipts.open(last.boot, last.last, now), along: this.#mark(last) }),
    };
  }

  /** A bad reading for every point that has nothing to tell, at its usual pace. */
  #silences(now: Ms): Reading[] {
    const t = this.#context.clock.now();
    const there = this.down === undefined && !this.talk.silent(now) ? this.#current : undefined;
    const silences: Reading[] = [];
    for (const known of this.#nodes.values()) {
      const whyOf = ({ refused }: { refused?: FaultCode }) => (known === there ? refused : (this.down ?? "timeout"));
      for (const place of known.places) {
        const why = this.#reasonDue(place.point.id, whyOf(place), place.point.signal.every, now);
        if (why) silences.push(bad(place.point.id, t, why));
      }
      for (const place of known.bursts) {
        const why = this.#reasonDue(place.point, whyOf(place), place.options.every ?? MINUTE, now);
        if (why) silences.push(...place.made.map((id) => bad(id, t, why)));
      }
    }
    return silences;
  }

  /** The reason once more, where there is one and it is time to repeat it. */
  #reasonDue(point: PointId, why: FaultCode | undefined, every: Ms, now: Ms): FaultCode | undefined {
    const since = this.#quietSince.get(point) ?? now + PATIENCE;
    this.#quietSince.set(point, since);
    if (!why || now < since) return undefined;
    this.#quietSince.set(point, Math.max(since, now - every) + every);
    return why;
  }

  #saved(boot: number, last: number): void {
    this.talk.saved(boot, last);
    const hello = this.talk.node?.hello;
    if (hello?.boot !== boot || !this.#nodes.has(hello.id)) return;
    this.marks.set(hello.id, { boot, saved: last, drift: this.talk.drift });
  }

  /** How far the node has been read, to be kept with what was read: after a crash it sends on from exactly there. */
  #mark({ boot, last }: { boot: number; last: number }): readonly Cell[] {
    const hello = this.talk.node?.hello;
    if (hello?.boot !== boot || !this.#nodes.has(hello.id)) return [];
    const value: NodeMark = { boot, saved: last, drift: this.talk.drift };
    return [{ kind: MARKS, key: `${this.#context.id}/${hello.id}`, value }];
  }

  #wall(at: Ms): EpochMs {
    const { clock } = this.#context;
    return epochMs(Math.round(clock.now() - (clock.monotonic() - at)));
  }
}

/** A raw step in g; 0 where the channel is no acceleration. */
const stepInG = (channel: MessageOf<"channel">): number => {
  const unit = ucum(channel.unit);
  const step = inUnit(channel, 1);
  return unit === "[g]" ? step : unit === "m/s2" ? step / STANDARD_GRAVITY : 0;
};
