import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadPlugins } from "../../gateway/plugin.ts";
import { percent } from "./predict/figures.ts";
import { faultsOfShop } from "./predict/shop.ts";
import { live } from "./predict/soak.ts";
import { speed } from "./predict/speed.ts";
import { hrss, metropt, nab, skab, tep } from "./predict/tables.ts";

/**
 * `npm run bench -- predict [--only nab] [--months 200]`: every figure of docs/prediction.md, with one configuration, and
 * beside each what a dumb rule gets. The published tables are read from VIGIE_PREDICT_DATA; without them only the
 * seeded machines are played.
 */
const { values } = parseArgs({ options: { only: { type: "string" }, months: { type: "string", default: "200" } } });
const plugins = await loadPlugins();
const beside = join(import.meta.dirname, "../../../shared/data/predict");
const data = process.env.VIGIE_PREDICT_DATA ?? (existsSync(beside) ? beside : undefined);

const tables = { nab, skab, tep, hrss, metropt } as const;
if (data === undefined) console.log("No published tables: say where they are in VIGIE_PREDICT_DATA.");
else {
  for (const [name, run] of Object.entries(tables)) if (wanted(name)) await run(join(data, name), plugins.detectors);
  const vibration = join(import.meta.dirname, "predict-vibration.ts");
  if (wanted("vibration") && existsSync(vibration))
    spawnSync(process.execPath, [vibration, "--data", data], { stdio: "inherit" });
}
if (wanted("speed")) speed(plugins);
if (wanted("soak")) soak(Number(values.months));

function wanted(name: string): boolean {
  return values.only === undefined || values.only === name;
}

/** Healthy machines of three months each, then each fault on ten machines. */
function soak(months: number): void {
  let [alerts, watches, silences, readings] = [0, 0, 0, 0];
  const start = performance.now();
  const lives = Math.ceil(months / 3);
  for (let seed = 1; seed <= lives; seed++) {
    const lived = live({ seed, days: Math.round((30.44 * months) / lives) }, plugins);
    alerts += lived.alerts.length;
    watches += lived.watches;
    silences += lived.silences;
    readings += lived.readings;
    for (const { day, text } of lived.alerts) console.log(`  healthy machine ${seed}, day ${day.toFixed(0)}: ${text}`);
  }
  const rate = Math.round((1_000 * readings) / (performance.now() - start));
  console.log(
    `Soak: ${alerts} alerts and ${watches} hints in ${months} healthy machine-months (${silences} silent devices told, all true); ${rate} readings/s through the engine`,
  );
  let [found, played] = [0, 0];
  for (const kind of faultsOfShop) {
    const delays: number[] = [];
    for (let seed = 1_001; seed <= 1_010; seed++) {
      played++;
      const first = live({ seed, days: 45, fault: { kind, from: 21 } }, plugins).alerts.find(({ day }) => day >= 21);
      if (first) delays.push(first.day - 21);
    }
    found += delays.length;
    delays.sort((a, b) => a - b);
    console.log(
      `  ${kind}: ${delays.length} of 10 told, after ${delays[Math.floor(delays.length / 2)]?.toFixed(1)} days (middle)`,
    );
  }
  console.log(
    `Soak: ${percent(found / played)} of ${played} seeded faults told; dumb: silence 0 alerts, 0 %; always 100 % with an alert for every machine`,
  );
}
