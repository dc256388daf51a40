import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { backUp } from "../log/backup.ts";
import { fileAndFolder } from "./lib/backup-file.ts";
import { inStoreWords } from "./lib/store-words.ts";

export const summary = {
  fr: "copie stockage, photos et journal d'audit dans un fichier, passerelle en marche ou non",
  en: "copies store, photos and audit list into a file, whether the gateway runs or not",
};

export const usage = {
  fr: `Usage : vigie backup FICHIER [--data DOSSIER]

      --data DOSSIER  dossier des données (./data)`,
  en: `Usage: vigie backup FILE [--data DIR]

      --data DIR  data folder (./data)`,
};

export async function run(args: string[]): Promise<number> {
  const { file, data } = fileAndFolder(args);
  await inStoreWords(async () => {
    await backUp(data, file, clock);
    console.log(
      say({
        fr: `${file} : sauvegarde faite, empreinte dans ${file}.sha256`,
        en: `${file}: backed up, checksum in ${file}.sha256`,
      }),
    );
  });
  return 0;
}
