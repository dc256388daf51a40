import type { Row, Table } from "../../../gateway/backtest/table.ts";

/** The same record as somebody else might have made it. */
export interface Variation {
  readonly name: string;
  /** Of every so many readings one is there. */
  readonly every?: number;
  /** Begun so many readings later. */
  readonly from?: number;
  /** In another unit. */
  readonly times?: number;
  /** Only these columns. */
  readonly only?: RegExp;
}

export const otherRecords: readonly Variation[] = [
  { name: "every 2nd reading", every: 2 },
  { name: "every 3rd reading", every: 3 },
  { name: "× 37", times: 37 },
  ...[700, 1_500, 2_500, 4_000, 5_200].map((from) => ({ name: `from reading ${from} on`, from })),
];

export const otherFeatures: readonly Variation[] = [
  { name: "every 2nd reading", every: 2 },
  { name: "every 3rd reading", every: 3 },
  ...[20, 40, 80].map((from) => ({ name: `from reading ${from} on`, from })),
  { name: "horizontal only", only: /^h_/ },
  { name: "vertical only", only: /^v_/ },
  { name: "without kurtosis", only: /^(?!.*kurt)/ },
  { name: "r.m.s. only", only: /rms/ },
  { name: "high band only", only: /hf/ },
  { name: "r.m.s. and velocity", only: /rms|vel/ },
];

export function varied(table: Table, { every = 1, from = 0, times = 1, only = /(?:)/ }: Variation): Table {
  const places = table.columns.flatMap((name, i) => (only.test(name) ? [i] : []));
  return {
    columns: places.map((i) => table.columns[i] ?? ""),
    period: table.period * every,
    async *rows() {
      let n = 0;
      for await (const row of table.rows()) if (n++ >= from && (n - 1 - from) % every === 0) yield changed(row);
    },
  };

  function changed(row: Row): Row {
    return { ...row, values: places.map((i) => scaled(row.values[i] ?? null)) };
  }

  function scaled(value: number | null): number | null {
    return value === null ? null : value * times;
  }
}
