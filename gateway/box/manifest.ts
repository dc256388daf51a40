import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { createReadStream, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { Told } from "../core/text.ts";
import { filesBelow } from "./package-files.ts";

/** The names of a release's own papers, at its top. */
export const papers = {
  manifest: "manifest.json",
  signature: "manifest.sig",
  key: "release-key.pub",
  sbom: "sbom.cdx.json",
} as const;

const version = z.string().regex(/^\d+\.\d+\.\d+$/);

export const manifest = z.strictObject({
  name: z.literal("vigie"),
  version,
  arch: z.enum(["x64", "arm64"]),
  /** SHA-256 of every file but the manifest and its signature. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

export type Manifest = z.output<typeof manifest>;

/** Thrown when a release is not what it says it is; nothing has been changed then. */
export class ReleaseRefused extends Told {
  readonly code = "release-refused";
}

/** Sums up an unpacked release and signs the sum (ed25519). */
export async function seal(
  folder: string,
  what: Pick<Manifest, "version" | "arch">,
  privateKey: string,
): Promise<void> {
  const key = createPrivateKey(readFileSync(privateKey));
  writeFileSync(join(folder, papers.key), createPublicKey(key).export({ type: "spki", format: "pem" }));
  const files: Record<string, string> = {};
  for (const file of filesBelow(folder)) if (!isOwnPaper(file)) files[file] = await sha256(join(folder, file));
  const text = JSON.stringify({ name: "vigie", ...what, files } satisfies Manifest, null, 1);
  writeFileSync(join(folder, papers.manifest), text);
  writeFileSync(join(folder, papers.signature), sign(null, Buffer.from(text), key));
}

/** Checks signature and every file of an unpacked release against a key that was trusted before. */
export async function checkSeal(folder: string, trustedKey: string): Promise<Manifest> {
  const text = readFileSync(join(folder, papers.manifest));
  const signature = readFileSync(join(folder, papers.signature));
  if (!verify(null, text, createPublicKey(readFileSync(trustedKey)), signature))
    throw new ReleaseRefused({
      fr: "elle n'est pas signée par la clé à laquelle cette machine se fie",
      en: "its signature is not by the key that this box trusts",
    });
  const said = manifest.parse(JSON.parse(text.toString("utf8")));
  const present = filesBelow(folder).filter((file) => !isOwnPaper(file));
  const extra = present.filter((file) => !Object.hasOwn(said.files, file));
  if (extra.length > 0)
    throw new ReleaseRefused({
      fr: `elle contient un fichier que son manifeste ne connaît pas : ${extra[0]}`,
      en: `it holds a file that its manifest does not know: ${extra[0]}`,
    });
  for (const [file, sum] of Object.entries(said.files)) {
    if (!present.includes(file))
      throw new ReleaseRefused({ fr: `un fichier manque : ${file}`, en: `a file is missing: ${file}` });
    if (!lstatSync(join(folder, file)).isFile())
      throw new ReleaseRefused({ fr: `ce n'est pas un fichier ordinaire : ${file}`, en: `not a plain file: ${file}` });
    if ((await sha256(join(folder, file))) !== sum)
      throw new ReleaseRefused({ fr: `un fichier a été modifié : ${file}`, en: `a file was altered: ${file}` });
  }
  return said;
}

/** A new signing key in PEM, readable by its owner only. */
export function newKey(file: string): void {
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
}

/** Whether a is a later version than b. */
export function isLater(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

const isOwnPaper = (file: string): boolean => file === papers.manifest || file === papers.signature;

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
