import { isBits, type Table } from "./profile.ts";

/** Where a signal lies: `count` registers (or bits of a coil table) from `at`. */
export interface Span {
  readonly table: Table;
  readonly at: number;
  readonly count: number;
}

/** Addresses that one request must not read, found by asking. An empty hole (from = to) is a wall that no request may cross. */
export interface Hole {
  readonly table: Table;
  readonly from: number;
  readonly to: number;
}

/** What a request costs on this wire, in ms; for a fair comparison only the ratio matters. */
export interface Cost {
  readonly request: number;
  readonly register: number;
}

export interface Limits {
  /** Most registers and most bits in one request. */
  readonly registers: number;
  readonly bits: number;
  /** Most unwanted registers to read across. */
  readonly gap: number;
}

/** One request, and which of the spans it brings. */
export interface Block extends Span {
  readonly spans: readonly number[];
}

/** The protocol's own limits, and what a profile says of its device. */
export const limitsOf = (read: { max?: number | undefined; gap?: number | undefined } = {}): Limits => ({
  registers: Math.min(125, read.max ?? 125),
  bits: Math.min(2000, read.max ?? 2000),
  gap: read.gap ?? 125,
});

/**
 * The cheapest requests that bring all spans: exact, by dynamic programming over the spans in address order (an optimal cover
 * never needs requests that overlap or interleave). Of two equal plans the one with fewer requests wins.
 */
export function plan(spans: readonly Span[], limits: Limits, cost: Cost, holes: readonly Hole[] = []): Block[] {
  const blocks: Block[] = [];
  for (const table of new Set(spans.map((span) => span.table))) {
    const order = spans
      .map((span, index) => ({ span, index }))
      .filter(({ span }) => span.table === table)
      .sort((a, b) => a.span.at - b.span.at || b.span.count - a.span.count);
    const cuts = cheapestCuts(
      order.map(({ span }) => span),
      limits,
      cost,
      holes.filter((hole) => hole.table === table),
    );
    for (const [from, to] of cuts) {
      const members = order.slice(from, to);
      const at = members[0]?.span.at ?? 0;
      const end = Math.max(...members.map(({ span }) => span.at + span.count));
      blocks.push({ table, at, count: end - at, spans: members.map(({ index }) => index) });
    }
  }
  return blocks;
}

/** Cuts as [from, to) over spans in address order. */
function cheapestCuts(spans: readonly Span[], limits: Limits, cost: Cost, holes: readonly Hole[]): [number, number][] {
  const size = spans.length;
  const best = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY);
  const cameFrom = new Int32Array(size + 1);
  best[0] = 0;
  for (let from = 0; from < size; from++) {
    const first = spans[from];
    const before = best[from] ?? 0;
    if (!first || before === Number.POSITIVE_INFINITY) continue;
    let end = first.at;
    for (let to = from; to < size; to++) {
      const span = spans[to];
      if (!span || (to > from && !mayJoin(first.at, end, span, limits, holes))) break;
      end = Math.max(end, span.at + span.count);
      const price = before + cost.request + cost.register * weight(span.table, end - first.at);
      if (price < (best[to + 1] ?? 0) - 1e-9) {
        best[to + 1] = price;
        cameFrom[to + 1] = from;
      }
    }
  }
  const cuts: [number, number][] = [];
  for (let to = size; to > 0; to = cameFrom[to] ?? 0) cuts.unshift([cameFrom[to] ?? 0, to]);
  return cuts;
}

/** Whether a request from `start`, so far up to `end`, may go on to bring `span` too. */
function mayJoin(start: number, end: number, span: Span, limits: Limits, holes: readonly Hole[]): boolean {
  const reach = Math.max(end, span.at + span.count);
  const limit = isBits(span.table) ? limits.bits : limits.registers;
  if (reach - start > limit || span.at - end > limits.gap) return false;
  return !holes.some((hole) => start < Math.max(hole.to, hole.from) && reach > Math.min(hole.from, hole.to));
}

/** Coils come eight to a byte, that is sixteen to a register's worth of wire. */
const weight = (table: Table, count: number): number => (isBits(table) ? Math.ceil(count / 8) / 2 : count);
