import { loadPlugins } from "../plugin.ts";

export const summary = {
  fr: "compile tout une fois, pour que les démarrages soient rapides (fait par l'installation)",
  en: "compiles everything once, so that starts are quick (done by the installation)",
};

/** Loads every module that a gateway loads; Node keeps the compiled code in node_modules/.cache/vigie. */
export async function run(): Promise<number> {
  await loadPlugins();
  await import("../main.ts");
  return 0;
}
