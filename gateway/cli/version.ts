import { version } from "../version.ts";

export const summary = { fr: "affiche la version", en: "prints the version" };

export async function run(): Promise<number> {
  console.log(`vigie ${version} (Node ${process.versions.node}, ${process.platform} ${process.arch})`);
  return 0;
}
