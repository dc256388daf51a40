import type { DeviceStatus } from "../../core/driver.ts";
import type { Ms } from "../../core/time.ts";
import { ucum } from "../../core/unit.ts";
import type { KnownNode } from "./places.ts";
import type { Session } from "./session.ts";

/** The nodes of the site file, and whichever other one is plugged in. */
export function deviceStatus(
  session: Session,
  nodes: ReadonlyMap<string, KnownNode>,
  port: string,
  now: Ms,
): readonly DeviceStatus[] {
  const there = session.down === undefined && !session.talk.silent(now) ? session.talk.node : undefined;
  const about = there ? aboutNode(session, port) : { port };
  const known = [...nodes.values()].map(({ entry, places }): DeviceStatus => {
    if (entry.id !== there?.hello.id) return { id: entry.id, state: "silent", about: { port } };
    return { id: entry.id, state: places.some((p) => p.refused) ? "degraded" : "ok", about };
  });
  if (!there || nodes.has(there.hello.id)) return known;
  const channels = there.channels.map(({ name, unit, kind, period }) => ({
    name,
    unit: ucum(unit),
    kind,
    every: period,
  }));
  return [...known, { id: there.hello.id, state: "new", about, channels }];
}

function aboutNode({ talk, lastStatus }: Session, port: string): DeviceStatus["about"] {
  const hello = talk.node?.hello;
  if (!hello) return { port };
  const { firmware, release, boot, cause, brownouts, version } = hello;
  return {
    port,
    firmware: `${firmware} ${release}`,
    protocol: version,
    boot,
    "last reset": cause,
    "brown-outs": brownouts,
    "drift ppm": Math.round(talk.drift * 1e6),
    "samples lost": talk.counts.lost,
    ...(lastStatus && { "samples waiting": lastStatus.waiting, "room for samples": lastStatus.room }),
  };
}
