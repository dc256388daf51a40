import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Told } from "../../core/text.ts";

const FILE = "web-push-keys.json";
const keyPair = z.strictObject({ publicKey: z.string().min(80), privateKey: z.string().min(40) });
type KeyPair = z.output<typeof keyPair>;

/**
 * The gateway's own key pair for push services (VAPID, RFC 8292): made once, in a file that only its owner reads. Whoever has
 * it can send in the gateway's name; without it every browser has to sign up anew.
 */
export function openKeys(folder: string): () => Promise<KeyPair> {
  let known: Promise<KeyPair> | undefined;
  return () => {
    known ??= readOrMake(join(folder, FILE)).catch((error) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function readOrMake(path: string): Promise<KeyPair> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) {
    const parsed = keyPair.safeParse(JSON.parse(text)).data;
    if (parsed) return parsed;
    throw new Told({
      fr: `${path} ne contient pas de paire de clés : mettez-le ailleurs, les navigateurs s'inscriront à nouveau`,
      en: `${path} does not hold a key pair: move it away, then browsers sign up anew`,
    });
  }
  const { default: webPush } = await import("web-push");
  const made = webPush.generateVAPIDKeys();
  await writeFile(path, `${JSON.stringify(made)}\n`, { mode: 0o600, flag: "wx" });
  return made;
}
