import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  type Check,
  checkClock,
  checkDisk,
  checkPort,
  checkPower,
  checkSerial,
  checkServer,
  checkWear,
} from "../box/checks.ts";
import { inside } from "../box/layout.ts";
import { say } from "../cli.ts";
import { type Config, ConfigError, loadConfig } from "../config/load.ts";
import { loadPlugins } from "../plugin.ts";

export const summary = {
  fr: "contrôle cette machine et dit quoi faire",
  en: "checks this box and says what to do",
};

const marks = { ok: "✓", warn: "!", bad: "✗" } as const;

/** Exit code 1 when something is bad; warnings alone are 0. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string", short: "c", default: inside.site },
      data: { type: "string", default: existsSync(inside.data) ? inside.data : "./data" },
    },
  });
  const { config, check } = await readSite(values.config);
  const checks = [check, checkClock(), checkDisk(values.data), checkWear(), checkPower(), checkSerial()];
  if (config) checks.push(...(await siteChecks(config)));
  const results = await Promise.all(checks);
  for (const { state, text, advice } of results) {
    console.log(`${marks[state]} ${say(text)}`);
    if (advice) console.log(`    → ${say(advice)}`);
  }
  return results.some(({ state }) => state === "bad") ? 1 : 0;
}

async function readSite(file: string): Promise<{ config?: Config; check: Promise<Check> }> {
  const plugins = await loadPlugins();
  try {
    const loaded = loadConfig(file, plugins, process.env);
    loaded.verify();
    const text = { fr: `Fichier de site ${file} : bon`, en: `Site file ${file}: good` };
    return { config: loaded.config, check: Promise.resolve({ state: "ok", text }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = { fr: `Fichier de site : ${error.message}`, en: `Site file: ${error.message}` };
    const advice = { fr: `Corrigez-le, puis « vigie check ${file} ».`, en: `Mend it, then "vigie check ${file}".` };
    return { check: Promise.resolve({ state: "bad", text, advice }) };
  }
}

async function siteChecks({ web, broker, sinks }: Config): Promise<Promise<Check>[]> {
  const running = await isVigie(web.port);
  const servers = sinks.flatMap(({ head, options }) => {
    const url = typeof options === "object" && options !== null && "url" in options ? options.url : undefined;
    return typeof url === "string" ? [checkServer(head.id, url)] : [];
  });
  return [
    checkPort("Page", web.port, running),
    ...(broker.enabled ? [checkPort("MQTT", broker.port, running)] : []),
    ...servers,
  ];
}

/** Whether the one who answers there is a gateway. */
async function isVigie(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok;
  } catch {
    return false;
  }
}
