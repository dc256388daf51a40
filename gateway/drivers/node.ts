import { z } from "zod";
import { Link } from "../../firmware-bridge/link.ts";
import type { NodeMark } from "../../firmware-bridge/talk.ts";
import type { Batch, DeviceStatus, Driver } from "../core/driver.ts";
import { type DriverContext, defineDriver, type Problem } from "../plugin.ts";
import { fedTwice, idTwice, noSuchMachine, whichMachine } from "./lib/problems.ts";
import { opened } from "./lib/trouble.ts";
import { meterSession } from "./node/meters.ts";
import { type NodeOptions, nodeOptions } from "./node/options.ts";
import { type KnownNode, knownNode } from "./node/places.ts";
import { MARKS, Session } from "./node/session.ts";
import { deviceStatus } from "./node/status.ts";
import { away } from "./node/words.ts";

/**
 * Our own microcontroller nodes, over a serial port or a serial-to-Ethernet converter (docs/node-protocol.md). Samples that
 * waited in the node come with the time at which they were taken; the node forgets them when they are on disk here.
 */
export default defineDriver<NodeOptions>({
  options: nodeOptions,
  examine: (options, context) => ({ problems: problemsOf(options, context) }),
  create: (options, context) => createNodeDriver(options, context),
});

const TICK = 50;

function createNodeDriver(options: NodeOptions, context: DriverContext): Driver {
  const nodes = new Map(options.nodes.map((entry) => [entry.id, knownNode(entry, context.id)]));
  let link: Link | undefined;
  const session = new Session(nodes, (bytes) => link?.send(bytes), context);
  meterSession(session, context);
  // Nodes speak by themselves: what is due is what they send, and what silence stands for.
  const scheduled = context.meters.counter("readings_scheduled_total", "Readings that were due", {
    driver: context.id,
  });

  async function* run(signal: AbortSignal): AsyncGenerator<Batch> {
    const { clock } = context;
    for (const [id, mark] of await loadMarks(context, nodes)) session.marks.set(id, mark);
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    link = new Link({
      port: options.port,
      baud: options.baud,
      onBytes: (piece) => session.talk.receive(piece, clock.monotonic()),
      onState: (down) => stateChanged(session, context, options.port, down),
    });
    const linked = link.run(until);
    try {
      while (!signal.aborted) {
        session.talk.tick(clock.monotonic());
        const batch = session.collect(clock.monotonic());
        if (batch) {
          scheduled.value += batch.readings.length;
          yield batch;
        }
        await clock.sleep(TICK, signal).catch(() => undefined);
      }
    } finally {
      stop.abort();
      await linked;
    }
  }

  return {
    points: [...nodes.values()].flatMap((node) => node.places.map((place) => place.point)),
    bursts: [...nodes.values()].flatMap(({ entry, bursts }) =>
      bursts.map(({ point, options: { rate, every = 0 } }) => ({ point, rate, every, device: entry.id })),
    ),
    run,
    devices: (): readonly DeviceStatus[] => deviceStatus(session, nodes, options.port, context.clock.monotonic()),
  };
}

function stateChanged(
  session: Session,
  { id, clock, say, site: { language } }: DriverContext,
  port: string,
  down: string | undefined,
): void {
  const why = port.startsWith("tcp://") ? "connection" : "port";
  if (down === undefined) {
    say.info(`${id}: ${opened(port)[language]}`);
    session.talk.reconnected(clock.monotonic());
  } else if (session.down === undefined) say.warn(`${id}: ${away(port, down)[language]}`);
  session.down = down === undefined ? undefined : why;
}

function problemsOf(options: NodeOptions, context: DriverContext): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set<string>();
  const points = new Set<string>();
  options.nodes.forEach((entry, index) => {
    if (ids.has(entry.id)) problems.push({ path: ["nodes", index, "id"], message: idTwice(entry.id) });
    ids.add(entry.id);
    const { places, bursts } = knownNode(entry, context.id);
    const feeds = [
      ...places.map(({ channel, point }) => ({ point: point.id, path: ["nodes", index, "channels", channel] })),
      ...bursts.map(({ channel, point }) => ({ point, path: ["nodes", index, "bursts", channel] })),
    ];
    for (const { point, path } of feeds) {
      const machine = point.slice(0, point.indexOf("/"));
      if (machine === "") problems.push({ path, message: whichMachine });
      else if (!context.machines.has(machine)) problems.push({ path, message: noSuchMachine(machine) });
      if (points.has(point)) problems.push({ path, message: fedTwice(point) });
      points.add(point);
    }
  });
  return problems;
}

const markShape = z.object({ boot: z.int(), saved: z.int(), drift: z.number().min(-0.1).max(0.1) });

async function loadMarks(
  { id, cells }: DriverContext,
  nodes: ReadonlyMap<string, KnownNode>,
): Promise<Map<string, NodeMark>> {
  const marks = new Map<string, NodeMark>();
  for (const [key, value] of await cells.load(MARKS)) {
    const node = key.slice(id.length + 1);
    const mark = markShape.safeParse(value);
    if (key.startsWith(`${id}/`) && nodes.has(node) && mark.success) marks.set(node, mark.data);
  }
  return marks;
}
