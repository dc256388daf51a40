import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newKey } from "../box/manifest.ts";
import { makeDebianPackage, makeRelease } from "../box/release.ts";
import { Misused, say } from "../cli.ts";
import { version } from "../version.ts";

export const summary = {
  fr: "fabrique une livraison signée (archive et paquet Debian) depuis les sources",
  en: "makes a signed release (tarball and Debian package) from a checkout",
};

export const usage = {
  fr: `Usage : vigie release --key CLÉ [options]

      --key FICHIER      clé qui signe
      --new-key FICHIER  en fait d'abord une nouvelle
      --arch x64|arm64   pour quelle machine (plusieurs fois ; par défaut celle-ci)
      --out DOSSIER      où écrire (dist)
      --deb              fait aussi un paquet Debian`,
  en: `Usage: vigie release --key KEY [options]

      --key FILE        the key that signs
      --new-key FILE    makes a new one first
      --arch x64|arm64  for which machine (several times; by default this one)
      --out DIR         where to write (dist)
      --deb             makes a Debian package as well`,
};

/** `--key FILE` signs; `--new-key FILE` makes a key first. One tarball and one package per `--arch` (default: this machine's). */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      key: { type: "string" },
      "new-key": { type: "string" },
      arch: { type: "string", multiple: true },
      out: { type: "string", default: "dist" },
      deb: { type: "boolean", default: false },
    },
  });
  const key = values["new-key"] ?? values.key;
  if (key === undefined || (values["new-key"] === undefined && !existsSync(key))) {
    console.error(
      say({
        fr: "Il faut une clé : --key FICHIER, ou --new-key FICHIER pour en faire une (gardez-la hors du dépôt).",
        en: "A key is needed: --key FILE, or --new-key FILE to make one (keep it out of the repository).",
      }),
    );
    return 2;
  }
  if (values["new-key"] !== undefined) newKey(values["new-key"]);
  const source = join(import.meta.dirname, "../..");
  for (const arch of values.arch ?? [process.arch]) {
    if (arch !== "x64" && arch !== "arm64")
      throw new Misused({ fr: `--arch ${arch} : x64 ou arm64`, en: `--arch ${arch}: x64 or arm64` });
    const file = await makeRelease({ source, target: values.out, version, arch, key });
    console.log(file);
    if (values.deb) console.log(makeDebianPackage(file, version, arch));
  }
  return 0;
}
