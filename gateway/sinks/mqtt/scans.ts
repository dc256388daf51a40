import type { Entry } from "../../core/log.ts";
import { machineOf, type PointId } from "../../core/point.ts";
import type { Reading } from "../../core/reading.ts";
import { SECOND } from "../../core/time.ts";

type Scan = [Entry<Reading>, ...Entry<Reading>[]];

/**
 * Cuts batches into scans: entries of one machine and boot that lie within a second and name no point twice. Order is
 * kept within a machine, which is what a subscriber can rely on.
 */
export function scanCutter(): (batch: readonly Entry<Reading>[]) => Scan[] {
  /** The number of the scan that a point was last in: looked at for every reading, so nothing is made for it. */
  const lastIn = new Map<PointId, number>();
  let number = 0;
  return (batch) => {
    const all: Scan[] = [];
    const open = new Map<string, { scan: Scan; number: number }>();
    for (const entry of batch) {
      const { point, t } = entry.item;
      const machine = machineOf(point);
      const current = open.get(machine);
      const first = current?.scan[0];
      const fits =
        first &&
        first.boot === entry.boot &&
        Math.abs(t - first.item.t) < SECOND &&
        lastIn.get(point) !== current.number;
      if (fits) {
        current.scan.push(entry);
        lastIn.set(point, current.number);
      } else {
        const scan: Scan = [entry];
        number += 1;
        all.push(scan);
        open.set(machine, { scan, number });
        lastIn.set(point, number);
      }
    }
    return all;
  };
}
