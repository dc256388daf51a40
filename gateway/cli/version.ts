import { version } from "../version.ts";

export const summary = { fr: "affiche la version", en: "prints the version" };

export const usage = {
  fr: "Usage : vigie version",
  en: "Usage: vigie version",
};

export async function run(): Promise<number> {
  console.log(`vigie ${version} (Node ${process.versions.node}, ${process.platform} ${process.arch})`);
  return 0;
}
