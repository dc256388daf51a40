import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import {
  type Check,
  checkClock,
  checkDisk,
  checkPower,
  checkSecrets,
  checkSerial,
  checkService,
  checkWear,
} from "../box/checks.ts";
import { checkCertificate, checkInflux, checkPort, checkServer } from "../box/checks-network.ts";
import { askHealth } from "../box/health.ts";
import { inside } from "../box/layout.ts";
import { say, speakAs } from "../cli.ts";
import { clock } from "../clock.ts";
import { languageOf } from "../config/language.ts";
import { type Config, ConfigError, loadConfig } from "../config/load.ts";
import { loadPlugins } from "../plugin.ts";
import { serviceEnv } from "./lib/page.ts";

export const summary = {
  fr: "contrôle cette machine et dit quoi faire",
  en: "checks this box and says what to do",
};

export const usage = {
  fr: `Usage : vigie doctor [options]

  -c, --config FICHIER  fichier de site
      --data DOSSIER    dossier des données
      --json            pour un programme`,
  en: `Usage: vigie doctor [options]

  -c, --config FILE  site file
      --data DIR     data folder
      --json         for a program`,
};

const marks = { ok: "✓", warn: "!", bad: "✗" } as const;

/** Exit code 1 when something is bad; warnings alone are 0. `--json` prints a list of {state, text, advice?} in both languages. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string", short: "c", default: inside.site },
      data: { type: "string", default: existsSync(inside.data) ? inside.data : "./data" },
      json: { type: "boolean", default: false },
    },
  });
  speakAs(languageOf(values.config));
  const { config, check } = await readSite(values.config);
  const checks = [check, checkSecrets(inside.secrets), checkClock(), checkDisk(values.data), checkWear(), checkPower()];
  if (existsSync(inside.command)) checks.push(checkService());
  checks.push(checkSerial());
  if (config) checks.push(...(await siteChecks(config, values.data)));
  const results = (await Promise.all(checks)).filter((one) => one !== undefined);
  if (values.json) console.log(JSON.stringify(results, null, 1));
  else {
    for (const { state, text, advice } of results) {
      console.log(`${marks[state]} ${say(text)}`);
      if (advice) console.log(`    → ${say(advice)}`);
    }
  }
  return results.some(({ state }) => state === "bad") ? 1 : 0;
}

async function readSite(file: string): Promise<{ config?: Config; check: Promise<Check | undefined> }> {
  const plugins = await loadPlugins();
  try {
    const loaded = loadConfig(file, plugins, serviceEnv());
    loaded.verify();
    const text = { fr: `Fichier de site ${file} : bon`, en: `Site file ${file}: good` };
    return { config: loaded.config, check: Promise.resolve({ state: "ok", text }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = { fr: `Fichier de site : ${error.text.fr}`, en: `Site file: ${error.text.en}` };
    const advice = { fr: `Corrigez-le, puis « vigie check ${file} ».`, en: `Mend it, then "vigie check ${file}".` };
    return { check: Promise.resolve({ state: "bad", text, advice }) };
  }
}

const influxOptions = z.looseObject({
  ...{ url: z.string(), token: z.string(), org: z.string(), bucket: z.string() },
  ca: z.string().optional(),
});

async function siteChecks({ web, broker, sinks, drivers }: Config, data: string): Promise<Promise<Check>[]> {
  const running = (await askHealth(web)) !== undefined;
  const servers = [...sinks, ...drivers].flatMap(({ head, options }) => {
    const influx = head.type === "influx" ? influxOptions.safeParse(options).data : undefined;
    if (influx) return [checkInflux(head.id, influx)];
    const url = typeof options === "object" && options !== null && "url" in options ? options.url : undefined;
    return typeof url === "string" ? [checkServer(head.id, url)] : [];
  });
  const tls = broker.enabled ? broker.tls : undefined;
  const certificates = [
    web.tls?.cert ?? join(data, "tls/server.crt"),
    join(data, "tls/ca.crt"),
    ...[tls?.cert, tls?.clients].filter((file) => file !== undefined),
  ].filter((file) => existsSync(file));
  return [
    checkPort("Page", web, running),
    ...(broker.enabled ? [checkPort("MQTT", broker, running)] : []),
    ...(tls ? [checkPort("MQTT (TLS)", tls, running)] : []),
    ...[...new Set(certificates)].map((file) => checkCertificate(file, clock.now())),
    ...servers,
  ];
}
