import type { MessageOf, sensorFaults } from "../../../firmware-bridge/message.ts";
import type { DatedSample } from "../../../firmware-bridge/talk.ts";
import { pointsMadeOf } from "../../core/burst.ts";
import type { FaultCode } from "../../core/fault.ts";
import { machineOf, type Point, type PointId, pointId, signalOf } from "../../core/point.ts";
import { bad, good, type Reading } from "../../core/reading.ts";
import type { Text } from "../../core/text.ts";
import { type EpochMs, SECOND } from "../../core/time.ts";
import { ucum } from "../../core/unit.ts";
import type { BurstOptions, ChannelOptions, NodeEntry } from "./options.ts";
import { isBurst, noChannel, otherUnit } from "./words.ts";

/** A channel of a configured node, and the point that it feeds. */
export interface Place {
  channel: string;
  options: ChannelOptions;
  point: Point;
  /** Why this channel cannot be read though the node is there: not on the node, or another unit. */
  refused?: FaultCode;
}

export interface BurstPlace {
  channel: string;
  options: BurstOptions;
  point: PointId;
  /** What is made of its bursts; nobody else can say when none come. */
  made: readonly PointId[];
  /** Why none can come though the node is there. */
  refused?: FaultCode;
}

/** A node of the site file with everything that it feeds. */
export interface KnownNode {
  entry: NodeEntry;
  places: readonly Place[];
  bursts: readonly BurstPlace[];
}

export function knownNode(entry: NodeEntry, driver: string): KnownNode {
  const where = (name: string, as: string | undefined) => pointAt(as ?? name, entry.machine);
  const places = Object.entries(entry.channels).map(([channel, options]) => {
    const id = where(channel, options.as);
    const { unit, kind, range, labels, title } = options;
    const signal = {
      name: signalOf(id),
      unit: ucum(unit),
      kind,
      every: options.every ?? entry.every ?? SECOND,
      ...(range && { range }),
      ...(labels && { labels }),
      ...(title && { title }),
    };
    return { channel, options, point: { id, machine: machineOf(id), signal, driver, device: entry.id } };
  });
  const bursts = Object.entries(entry.bursts).map(([channel, options]) => {
    const point = where(channel, options.as);
    return { channel, options, point, made: pointsMadeOf(point, options.rate) };
  });
  return { entry, places, bursts };
}

/** `a/b` as it stands, `b` on the node's machine. */
const pointAt = (as: string, machine: string | undefined): PointId => {
  const [first = "", second] = as.split("/");
  return second === undefined ? pointId(machine ?? "", first) : pointId(first, second);
};

/** What a channel that announced itself has against the site file; undefined when it fits. */
export function misfit(place: Place, channel: MessageOf<"channel"> | undefined): Text | undefined {
  if (!channel) return noChannel(place.channel);
  if (channel.kind === "burst") return isBurst(place.channel);
  const { unit } = place.point.signal;
  return ucum(channel.unit) === unit ? undefined : otherUnit(place.channel, channel.unit, unit);
}

/** A channel's step in its unit; negative powers by division, which gives the decimal that people expect. */
export const inUnit = (channel: MessageOf<"channel">, raw: number): number =>
  channel.exponent < 0
    ? (raw * channel.mantissa) / 10 ** -channel.exponent
    : raw * channel.mantissa * 10 ** channel.exponent;

export function readingOf(place: Place, { channel, sample }: DatedSample, t: EpochMs): Reading {
  const { id, signal } = place.point;
  if ("fault" in sample) return bad(id, t, sample.fault satisfies (typeof sensorFaults)[number] & FaultCode);
  const value = inUnit(channel, sample.raw);
  const [low, high] = signal.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return value < low || value > high ? bad(id, t, "out_of_range") : good(id, t, value);
}
