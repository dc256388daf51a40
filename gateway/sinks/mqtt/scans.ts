import type { Entry } from "../../core/log.ts";
import { machineOf, type PointId } from "../../core/point.ts";
import type { Reading } from "../../core/reading.ts";
import { SECOND } from "../../core/time.ts";

type Scan = [Entry<Reading>, ...Entry<Reading>[]];

/**
 * Cuts a batch into scans: entries of one machine and boot that lie within a second and name no point twice. Order is
 * kept within a machine, which is what a subscriber can rely on.
 */
export function scans(batch: readonly Entry<Reading>[]): Scan[] {
  const all: Scan[] = [];
  const open = new Map<string, { scan: Scan; points: Set<PointId> }>();
  for (const entry of batch) {
    const { point, t } = entry.item;
    const machine = machineOf(point);
    const current = open.get(machine);
    const first = current?.scan[0];
    const fits =
      first && first.boot === entry.boot && Math.abs(t - first.item.t) < SECOND && !current.points.has(point);
    if (fits) {
      current.scan.push(entry);
      current.points.add(point);
    } else {
      const scan: Scan = [entry];
      all.push(scan);
      open.set(machine, { scan, points: new Set([point]) });
    }
  }
  return all;
}
