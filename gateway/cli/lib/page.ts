import { inside } from "../../box/layout.ts";
import { readSecrets } from "../../box/secrets.ts";
import { loadConfig } from "../../config/load.ts";
import { loadPlugins } from "../../plugin.ts";

/** The environment as the service sees it, where its secrets may be read. */
export const serviceEnv = (): NodeJS.ProcessEnv => ({ ...process.env, ...readSecrets(inside.secrets) });

/** Where the page answers, by the site file; the usual place where that file cannot be used. */
export async function pageOf(file: string): Promise<{ host: string; port: number }> {
  try {
    return loadConfig(file, await loadPlugins(), serviceEnv()).config.web;
  } catch {
    return { host: "127.0.0.1", port: 8080 };
  }
}
