import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { backUp } from "../log/backup.ts";
import { complain } from "../log/complain.ts";

export const summary = {
  fr: "copie tout le stockage dans un fichier, passerelle en marche ou non",
  en: "copies the whole store into a file, whether the gateway runs or not",
};

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: "string", default: "./data" } },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    console.error(
      say({ fr: "Usage : vigie backup FICHIER [--data DOSSIER]", en: "Usage: vigie backup FILE [--data DIR]" }),
    );
    return 2;
  }
  return complain(async () => {
    await backUp(values.data, file, clock);
    console.log(
      say({
        fr: `${file} : sauvegarde faite, empreinte dans ${file}.sha256`,
        en: `${file}: backed up, checksum in ${file}.sha256`,
      }),
    );
  });
}
