import { type Count, sumOf } from "./metrics.ts";

export interface Ledger {
  totals: {
    scheduled: number;
    good: number;
    bad: number;
    skipped: number;
    accepted: number;
    stored: number;
    dropped: number;
  };
  /** Every sum that does not add up, in words. */
  off: string[];
}

/**
 * The three sums of the house, from everything that is counted: per driver scheduled = good + bad + skipped, per log
 * accepted = stored + dropped + waiting, per follower stored + found = delivered + pending + purged + skipped. While the disk takes
 * nothing, followers are shown what waits, too.
 */
export function ledgerOf(counts: readonly Count[]): Ledger {
  const sum = (name: string, labels?: Record<string, string>) => sumOf(counts, name, labels);
  const off: string[] = [];
  const equal = (what: string, left: Record<string, number>, right: Record<string, number>) => {
    const [a, b] = [left, right].map((side) => Object.values(side).reduce((total, value) => total + value, 0));
    if (a !== b) off.push(`${what}: ${JSON.stringify(left)} is not ${JSON.stringify(right)}`);
  };
  for (const driver of distinct(counts, "readings_scheduled_total", "driver")) {
    const of = (name: string) => sum(`readings_${name}_total`, { driver });
    equal(
      `driver ${driver}`,
      { scheduled: of("scheduled") },
      { good: of("good"), bad: of("bad"), skipped: of("skipped") },
    );
  }
  for (const log of ["readings", "notices", "bursts"]) {
    const [accepted, stored, dropped] = [
      sum(`${log}_accepted_total`),
      sum(`${log}_stored_total`),
      sum(`${log}_dropped_total`),
    ];
    const waiting = sum("log_waiting", { log });
    equal(`log ${log}`, { accepted }, { stored, dropped, waiting });
    for (const follower of distinct(counts, "follower_found_total", "follower", { log })) {
      const of = (what: string) => sum(`follower_${what}`, { follower });
      const [delivered, pending, purged] = [of("delivered_total"), of("pending"), of("purged_total")];
      const [found, skipped] = [of("found_total"), of("skipped_total")];
      const ahead = delivered + pending + purged + skipped - stored - found;
      if (sum("log_degraded") === 0 || ahead !== waiting)
        equal(`follower ${follower} of ${log}`, { stored, found }, { delivered, pending, purged, skipped });
    }
  }
  const total = (name: string) => sum(`readings_${name}_total`);
  const totals = {
    ...{ scheduled: total("scheduled"), good: total("good"), bad: total("bad"), skipped: total("skipped") },
    ...{ accepted: total("accepted"), stored: total("stored"), dropped: total("dropped") },
  };
  return { totals, off };
}

function distinct(
  counts: readonly Count[],
  name: string,
  label: string,
  labels: Record<string, string> = {},
): Set<string> {
  const found = counts.filter(
    (one) => one.name === name && Object.entries(labels).every(([k, v]) => one.labels[k] === v),
  );
  return new Set(found.map((one) => one.labels[label] ?? ""));
}
