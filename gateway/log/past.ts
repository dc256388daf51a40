import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Historian } from "../core/history.ts";
import { Told } from "../core/text.ts";
import type { Clock } from "../core/time.ts";
import { openHistorian } from "./historian.ts";
import { Names } from "./names.ts";
import { openReader } from "./questions.ts";
import { STORE_FILE } from "./store.ts";

export interface Past {
  history: Historian;
  points: readonly string[];
  close(): Promise<void>;
}

/** The history of a data folder, for commands: reads only, whether a gateway runs on it or not. */
export async function openPast(folder: string, clock: Clock): Promise<Past> {
  const file = join(folder, STORE_FILE);
  if (!existsSync(file))
    throw new Told({
      fr: `${folder} ne contient pas de stockage (${STORE_FILE})`,
      en: `${folder} holds no store (${STORE_FILE})`,
    });
  const reader = openReader(file, clock);
  const rows = await (await reader()).ask({ call: "names" });
  const points = rows.filter((row) => row.kind === "point").map((row) => row.text);
  return { history: openHistorian(new Names(rows), reader), points, close: () => reader.end() };
}
