import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { AlarmAnswer, MachineAnswer, PointAnswer, SiteAnswer, StateAnswer } from "../../gateway/core/api.ts";
import { accountNeeded, get, Refused } from "./http.ts";
import { type StreamEvent, StreamReader } from "./sse.ts";

/** A point as last heard, and when that was by this page's own clock (`performance.now`). */
export type LivePoint = PointAnswer & { heard: number };

/** Whether the gateway is heard. `lost`: silent for longer than it ever is when well. */
export type Link = "connecting" | "live" | "lost";

export const site = signal<SiteAnswer | null>(null);
export const machines = signal<readonly MachineAnswer[]>([]);
export const alarms = signal<readonly AlarmAnswer[]>([]);
export const gateway = signal<StateAnswer | null>(null);
export const link = signal<Link>("connecting");
/** When the gateway was last heard, epoch ms by this page's clock; 0 before the first word. */
export const heardAt = signal(0);
/** Steps once a second; whatever shows an age reads it. */
export const tick = signal(0);
export const pointIds = signal<readonly string[]>([]);

const points = new Map<string, Signal<LivePoint>>();

export const pointSignal = (id: string): ReadonlySignal<LivePoint> | undefined => points.get(id);

/** A point's newest state; renders anew when it changes, and when the point first appears. */
export const livePoint = (id: string): LivePoint | undefined =>
  pointIds.value.length > 0 ? points.get(id)?.value : undefined;

/** All points of a machine but those that only a spectrum needs, in the gateway's order. Subscribes to the list, not to the values. */
export const pointsOf = (machine: string): readonly ReadonlySignal<LivePoint>[] =>
  pointIds.value.flatMap((id) => {
    const point = points.get(id);
    return point && point.peek().machine === machine && !point.peek().detail ? [point] : [];
  });

/** All points as of now, their ages brought up to date. */
export const allPoints = (): PointAnswer[] =>
  [...points.values()].map((point) => ({ ...point.peek(), age: ageOf(point.peek()) }));

/** Listeners of fresh values, outside of rendering (sparklines, charts). */
const listeners = new Set<(fresh: readonly LivePoint[]) => void>();
export function onFresh(listener: (fresh: readonly LivePoint[]) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Milliseconds since the reading arrived, as of now. */
export const ageOf = (point: LivePoint, now = performance.now()): number | null =>
  point.age === null ? null : point.age + Math.max(0, now - point.heard);

export const staleAfter = (every: number): number => Math.max(3_000, 3 * every);

/** A value that is too old to be believed. */
export const isStale = (point: LivePoint, now = performance.now()): boolean => {
  const age = ageOf(point, now);
  return age === null || age > staleAfter(point.every);
};

export const SILENCE = 2_300;
const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;

/** Keeps the page fed for as long as it is open. */
export async function followGateway(stop: AbortSignal, lost: () => void): Promise<void> {
  let pause = SHORTEST_PAUSE;
  let place = "";
  while (!stop.aborted) {
    const began = performance.now();
    try {
      await snapshot(stop);
      place = await listen(place, stop);
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 401) accountNeeded.value = true;
    }
    if (stop.aborted) return;
    link.value = "lost";
    if (!accountNeeded.peek()) lost();
    pause = performance.now() - began > 10_000 ? SHORTEST_PAUSE : Math.min(pause * 1.6, LONGEST_PAUSE);
    await new Promise<void>((resolve) => {
      hurry = resolve;
      setTimeout(resolve, pause);
    });
  }
}

/** Tries again at once instead of after the pause (somebody has just signed in). */
export let hurry: () => void = () => undefined;

/** Asks for everything at once: at the start, and again after every loss. */
async function snapshot(stop: AbortSignal): Promise<void> {
  const [newSite, newMachines, newPoints, newAlarms] = await Promise.all([
    // The site is told to strangers too: the door must speak its language.
    get<SiteAnswer>("/site", stop).then((told) => {
      if (!site.peek()) site.value = told;
      return told;
    }),
    get<MachineAnswer[]>("/machines", stop),
    get<PointAnswer[]>("/points", stop),
    get<AlarmAnswer[]>("/alarms", stop),
  ]);
  batch(() => {
    accountNeeded.value = false;
    if (site.peek() && site.peek()?.version !== newSite.version) location.reload();
    site.value = newSite;
    machines.value = newMachines;
    alarms.value = newAlarms;
    takePoints(newPoints);
  });
}

/** Reads the stream until it ends or falls silent; answers with the place reached in it. */
async function listen(place: string, stop: AbortSignal): Promise<string> {
  const quiet = new AbortController();
  let last = place;
  let heard = performance.now();
  const watchdog = setInterval(() => {
    if (performance.now() - heard < SILENCE) return;
    link.value = "lost";
    quiet.abort();
  }, 250);
  const machinesAgain = setInterval(() => void refreshMachines(quiet.signal), 5_000);
  try {
    const answer = await fetch("/api/v1/events", {
      headers: place ? { "last-event-id": place } : {},
      signal: AbortSignal.any([stop, quiet.signal]),
    });
    if (!answer.ok || !answer.body) throw new Refused(answer.status, "");
    const reader = new StreamReader();
    const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await text.read(); !piece.done; piece = await text.read()) {
      heard = performance.now();
      batch(() => {
        link.value = "live";
        heardAt.value = Date.now();
        for (const event of reader.push(piece.value ?? "")) {
          last = event.id || last;
          take(event, quiet.signal);
        }
      });
    }
  } catch (problem) {
    if (problem instanceof Refused) throw problem;
  } finally {
    clearInterval(watchdog);
    clearInterval(machinesAgain);
    quiet.abort();
  }
  return last;
}

function take({ event, data }: StreamEvent, stop: AbortSignal): void {
  if (event === "points") takePoints(JSON.parse(data) as PointAnswer[]);
  else if (event === "state") gateway.value = JSON.parse(data) as StateAnswer;
  else if (event === "machines") machines.value = JSON.parse(data) as MachineAnswer[];
  else if (event === "alarm") {
    takeAlarm(JSON.parse(data) as AlarmAnswer);
    void refreshMachines(stop);
  }
}

/** Points from an earlier visit, for as long as nothing newer is heard. */
export const recall = (old: readonly PointAnswer[]): void => takePoints(old);

function takePoints(fresh: readonly PointAnswer[]): void {
  const heard = performance.now();
  const live = fresh.map((point) => ({ ...point, heard }));
  const unknown = live.filter((point) => !points.has(point.id));
  for (const point of live) {
    const known = points.get(point.id);
    // A stream event may carry only what moves; title, labels and the like stay as they were.
    if (known) known.value = { ...known.peek(), ...withoutWhy(point) };
    else points.set(point.id, signal(point));
  }
  if (unknown.length > 0) pointIds.value = [...points.keys()];
  for (const listener of listeners) listener(live);
}

/** `why` is absent from good readings, so an older one must not shine through. */
const withoutWhy = (point: LivePoint): object => ({ why: undefined, ...point });

export function takeAlarm(alarm: AlarmAnswer): void {
  const others = alarms.peek().filter((known) => known.id !== alarm.id);
  // What is quiet by design is not in the list of `/alarms` either: its root speaks for it.
  const gone = alarm.state === "normal" || alarm.state === "suppressed";
  alarms.value = gone ? others : [alarm, ...others];
}

async function refreshMachines(stop: AbortSignal): Promise<void> {
  try {
    machines.value = await get<MachineAnswer[]>("/machines", stop);
  } catch {
    // The stream tells whether the gateway is there; a missed refresh comes again in five seconds.
  }
}

/** One clock for all ages. */
export const startClock = (): void => void setInterval(() => tick.value++, 1_000);
