import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { restore } from "../log/backup.ts";
import { complain } from "../log/complain.ts";

export const summary = {
  fr: "remet une sauvegarde à la place du stockage (passerelle arrêtée)",
  en: "puts a backup in the place of the store (gateway stopped)",
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
      say({ fr: "Usage : vigie restore FICHIER [--data DOSSIER]", en: "Usage: vigie restore FILE [--data DIR]" }),
    );
    return 2;
  }
  return complain(async () => {
    const aside = await restore(values.data, file, clock);
    console.log(say({ fr: `${file} est en place dans ${values.data}`, en: `${file} is in place in ${values.data}` }));
    if (aside)
      console.log(say({ fr: `L'ancien stockage est dans ${aside}`, en: `The store that was there is in ${aside}` }));
  });
}
