import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { restore } from "../log/backup.ts";
import { fileAndFolder } from "./lib/backup-file.ts";
import { inStoreWords } from "./lib/store-words.ts";

export const summary = {
  fr: "remet une sauvegarde à la place du stockage (passerelle arrêtée)",
  en: "puts a backup in the place of the store (gateway stopped)",
};

export const usage = {
  fr: `Usage : vigie restore FICHIER [--data DOSSIER]

      --data DOSSIER  dossier des données (./data)`,
  en: `Usage: vigie restore FILE [--data DIR]

      --data DIR  data folder (./data)`,
};

export async function run(args: string[]): Promise<number> {
  const { file, data } = fileAndFolder(args);
  await inStoreWords(async () => {
    const aside = await restore(data, file, clock);
    console.log(say({ fr: `${file} est en place dans ${data}`, en: `${file} is in place in ${data}` }));
    if (aside)
      console.log(say({ fr: `L'ancien stockage est dans ${aside}`, en: `The store that was there is in ${aside}` }));
  });
  return 0;
}
