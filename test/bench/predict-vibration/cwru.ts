import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { analyseBursts } from "../../../gateway/backtest/burst.ts";
import { percent, print } from "./figures.ts";

interface Records {
  records: { file: string; rate_hz: number; shaft_rpm: number; fault: string }[];
}

/** Seeded faults, the part named without training. `unknown` is an answer; the likeliest part is counted beside it. */
export async function cwru(folder: string): Promise<void> {
  print("CWRU: which part of a 6205 is damaged, without training");
  const { records } = JSON.parse(await readFile(join(folder, "records.json"), "utf8")) as Records;
  const tally = new Map<string, { all: number; likeliest: number; named: number; right: number }>();
  for (const { file, rate_hz, shaft_rpm, fault } of records) {
    const job = { source: join(folder, file), rate: rate_hz, rpm: shaft_rpm, bearing: "SKF 6205-2RS JEM" };
    for await (const { part, likeliest } of analyseBursts(job)) {
      const count = tally.get(fault) ?? { all: 0, likeliest: 0, named: 0, right: 0 };
      count.all++;
      if (likeliest === fault) count.likeliest++;
      if (part !== "unknown") count.named++;
      if (part === fault) count.right++;
      tally.set(fault, count);
    }
  }
  for (const [fault, { all, likeliest, named, right }] of tally)
    print(`  ${fault}: ${all} records, named ${named}, rightly ${right}; likeliest part right ${likeliest}`);
  const faulty = [...tally].filter(([fault]) => fault !== "none").map(([, count]) => count);
  const sum = (key: "all" | "likeliest" | "named" | "right") => faulty.reduce((total, count) => total + count[key], 0);
  print(
    `  faulty records: named ${percent(sum("named") / sum("all"))}, of those rightly ${percent(sum("right") / sum("named"))}`,
  );
  print(
    `  forced to choose: ${percent(sum("likeliest") / sum("all"))}; dumb rule (always the most frequent part): ${percent(Math.max(...faulty.map(({ all }) => all)) / sum("all"))}`,
  );
}
