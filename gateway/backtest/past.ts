import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { clock } from "../clock.ts";
import { loadConfig } from "../config/load.ts";
import type { AlarmEvent } from "../core/alarm.ts";
import { Told } from "../core/text.ts";
import type { EpochMs } from "../core/time.ts";
import { examineWith, furnish } from "../house.ts";
import { openStore, STORE_FILE } from "../log/store.ts";
import { loadPlugins } from "../plugin.ts";
import { rehearse } from "./history.ts";

/** The rules of a site file over the history in a data folder, whether or not a gateway is running on that folder. */
export async function* rehearseFolder(
  file: string,
  data: string,
  from: EpochMs,
  to: EpochMs,
  env: NodeJS.ProcessEnv,
): AsyncIterable<AlarmEvent> {
  const plugins = await loadPlugins();
  const loaded = loadConfig(file, plugins, env);
  const house = furnish(loaded.config, plugins);
  const { points } = examineWith(loaded, house);
  const { site, machines, meters, say, config } = house;
  const stored = join(data, STORE_FILE);
  if (!existsSync(stored))
    throw new Told({
      fr: `${data} : pas d'historique ici (${STORE_FILE} manque)`,
      en: `${data}: no history there (${STORE_FILE} is missing)`,
    });
  // A copy: a store belongs to one gateway at a time, and a back-test must leave no trace in it.
  const folder = await mkdtemp(join(tmpdir(), "vigie-backtest-"));
  try {
    const original = new DatabaseSync(stored, { readOnly: true });
    original.prepare("VACUUM INTO ?").run(join(folder, STORE_FILE));
    original.close();
    const store = await openStore({ folder, clock, meters, say, points, settings: config.store });
    try {
      const parts = {
        site,
        machines,
        points,
        plugins: plugins.detectors,
        rules: config.detectors,
        settings: config.alarms,
      };
      yield* rehearse({ ...parts, history: store.history }, from, to);
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
