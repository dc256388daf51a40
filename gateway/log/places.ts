import type { Stretch } from "../core/log.ts";
import type { Queue } from "./queue.ts";

/** Where a follower stands in its log. */
export interface Place {
  seq: number;
  backlog?: readonly Stretch[];
}

/** Every place, as short as it can be: it is written with each commit. */
export function writePlaces(places: ReadonlyMap<string, Place>, version: number): string {
  const short = [...places].map(([name, { seq, backlog }]) => [name, backlog ? { seq, backlog } : seq]);
  return JSON.stringify({ v: version, places: Object.fromEntries(short) });
}

export function readPlaces(text: string | null): { places: Map<string, Place>; version: number } {
  if (text === null) return { places: new Map(), version: 0 };
  const { v, places } = JSON.parse(text) as { v: number; places: Record<string, number | Place> };
  const long = Object.entries(places).map(([name, at]) => [name, typeof at === "number" ? { seq: at } : at] as const);
  return { places: new Map(long), version: v };
}

/** How many entries up to `upTo` a follower has not had, of those that are still there. */
export function behind(journal: Pick<Queue, "head" | "count">, place: Place | undefined, upTo: number): number {
  if (!place) return 0;
  const gone = journal.head().oldest - 1;
  const stretches = [...(place.backlog ?? []), { after: place.seq, until: upTo }];
  return stretches.reduce(
    (sum, { after, until }) => sum + journal.count(Math.max(after, gone), Math.min(until, upTo)),
    0,
  );
}
