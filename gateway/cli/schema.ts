import { jsonSchema } from "../config/json-schema.ts";
import { loadPlugins } from "../plugin.ts";

export const summary = {
  fr: "écrit le schéma JSON du fichier de site, pour les éditeurs",
  en: "prints the JSON schema of the site file, for editors",
};

export const usage = {
  fr: "Usage : vigie schema > config/gateway.schema.json",
  en: "Usage: vigie schema > config/gateway.schema.json",
};

export async function run(): Promise<number> {
  console.log(JSON.stringify(jsonSchema(await loadPlugins()), null, 2));
  return 0;
}
