import type { Gap } from "./protocol.ts";

/** Numbers in a row that hold nothing, nobody has said why. */
export interface Lost {
  first: number;
  last: number;
  from: number | null;
  to: number | null;
  /** The run in which they were given out. */
  boot: number;
}

export interface Stretch extends Lost {
  /** Gaps that are known of; their times bound what lies between them. */
  known: readonly Gap[];
  /** The numbers of all runs. */
  boots: readonly number[];
}

/**
 * The pieces of a stretch that no gap explains. A pause between two runs lies between two pieces, also one that holds no
 * number: neither reaches into the other's time, and each moves with the clock of its own run. `boot` is that of the last.
 */
export function lostIn({ first, last, from, to, boot, known, boots }: Stretch): Lost[] {
  const pieces: Lost[] = [];
  let [at, since] = [first, from];
  for (const gap of [...known].sort((a, b) => a.first - b.first || a.last - b.last)) {
    if (gap.last < at - 1 || gap.first > last + 1) continue;
    if (gap.first > at)
      pieces.push({
        first: at,
        last: gap.first - 1,
        from: since,
        to: gap.from ?? to,
        boot: before(gap, boots) ?? boot,
      });
    at = Math.max(at, gap.last + 1);
    since = gap.to ?? since;
  }
  if (at <= last) pieces.push({ first: at, last, from: since, to, boot });
  return pieces;
}

/** The run in which a gap began. */
function before(gap: Gap, boots: readonly number[]): number | undefined {
  const could = boots.filter((boot) => (gap.why === "gateway_off" ? boot < gap.boot : boot === gap.boot));
  return could.length > 0 ? Math.max(...could) : undefined;
}

/**
 * A gap that holds no numbers only says what a time was. It lies under a number of its own, below all others, so that none
 * that begins with the same number takes its place, nor it the other's.
 */
export const apart = (gap: Gap): Gap =>
  gap.last < gap.first && !isApart(gap.first) ? { ...gap, first: -gap.first, last: -gap.first - 1 } : gap;

export const isApart = (first: number): boolean => first < 0;
