import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { commonWords } from "./common-words.ts";

/** 32 MB and about 0.1 s on a PC, 0.3 s on a Pi 4: dear for whoever tries a stolen list, bearable for one sign-in. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;
const BYTES = 32;
/** Hashes at the same time; each takes 32 MB and one of Node's four worker threads, which the disk needs too. */
const AT_ONCE = 2;
const WAITING = 16;

export const MIN_LENGTH = 12;
export const MAX_LENGTH = 256;

const DIGITS = "01234567890123456789";
/** What a word that anybody knows cannot bring along by itself: most are shorter, the longer common ones stand below. */
const REMAINS = 8;

export class TooBusy extends Error {}

let running = 0;
const waiting: (() => void)[] = [];

/** `scrypt$N$r$p$salt$hash`, so that the cost can be raised later without asking anybody for a new password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = stored.split("$");
  const options = { N: Number(N), r: Number(r), p: Number(p), maxmem: cost.maxmem };
  const found = await derive(password, Buffer.from(salt, "base64url"), options);
  return timingSafeEqual(found, Buffer.from(hash, "base64url"));
}

/** Why a password will not do, or undefined. No rule about capitals and signs: length is what counts. */
export function weakness(password: string, words: readonly string[]): string | undefined {
  if (password.length < MIN_LENGTH) return `A password has at least ${MIN_LENGTH} characters.`;
  if (password.length > MAX_LENGTH) return `A password has at most ${MAX_LENGTH} characters.`;
  const plain = password.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const personal = words.map((word) => word.toLowerCase()).filter((word) => word.length >= 3);
  const left = [...common, ...commonWords, ...personal].reduce((rest, word) => rest.replaceAll(word, ""), plain);
  // What remains once the words everybody tries first, runs and repetitions are taken out must still be something.
  const once = left.replace(/(19|20)\d\d/g, "").replace(/(.{2,})\1+/g, "$1");
  const core = once.replace(/\d{3,}/g, (run) => (DIGITS.includes(run) ? "" : run)).replace(/(.)\1+/g, "$1");
  return core.length >= REMAINS && new Set(core).size >= 5
    ? undefined
    : "This password is among the first that anybody would try.";
}

/** Words of which the common passwords of twelve and more characters are made, in French and English; longest first. */
const common = [
  "1qaz2wsx3edc4rfv administrateur administrator 1q2w3e4r5t6y abcdefghijkl raspberrypi utilisateur 0987654321",
  "1234567890 1q2w3e4r5t azertyuiop entreprise motdepasse passerelle qsdfghjklm qwertyuiop 123456789 987654321",
  "asdfghjkl bienvenue marseille raspberry superuser 12345678 1a2b3c4d 1q2w3e4r 1qaz2wsx abcdefgh baseball changeme",
  "chocolat computer football iloveyou internet password passwort princess starwars sunshine superman trustno1",
  "whatever workshop atelier bonjour camille company default factory freedom gateway jetaime letmein machine",
  "michael nicolas pokemon soleil2 welcome yxcvbnm zxcvbnm abcdef azerty batman change defaut doudou dragon invite",
  "jordan loulou master monkey qwerty qwertz secret shadow soleil wxcvbn zxcvbn admin guest login usine vigie abcd",
  "asdf root test user mdp",
].flatMap((line) => line.split(" "));

async function derive(
  password: string,
  salt: Buffer,
  options: typeof cost | { N: number; r: number; p: number },
): Promise<Buffer> {
  if (running >= AT_ONCE) {
    if (waiting.length >= WAITING) throw new TooBusy("Too many sign-ins at once.");
    await new Promise<void>((turn) => waiting.push(turn));
  }
  running += 1;
  try {
    return await new Promise<Buffer>((resolve, reject) =>
      scrypt(password.normalize("NFKC"), salt, BYTES, options, (error, key) => (error ? reject(error) : resolve(key))),
    );
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
