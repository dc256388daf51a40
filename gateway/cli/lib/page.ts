import { resolve } from "node:path";
import { inside, type Layout } from "../../box/layout.ts";
import { readSecrets } from "../../box/secrets.ts";
import { loadConfig } from "../../config/load.ts";
import { loadPlugins } from "../../plugin.ts";

/** The environment as the service sees it, where its secrets may be read. */
export const serviceEnv = (): NodeJS.ProcessEnv => ({ ...process.env, ...readSecrets(inside.secrets) });

/** The environment that a site file is meant for: that of the service for the installed one, that of the terminal for any other. */
export const envFor = (file: string, at: Pick<Layout, "site" | "secrets"> = inside): NodeJS.ProcessEnv =>
  resolve(file) === at.site ? { ...process.env, ...readSecrets(at.secrets) } : process.env;

/** Where the page answers, by the site file; the usual place where that file cannot be used. */
export async function pageOf(file: string): Promise<{ host: string; port: number }> {
  try {
    return loadConfig(file, await loadPlugins(), serviceEnv()).config.web;
  } catch {
    return { host: "127.0.0.1", port: 8080 };
  }
}
