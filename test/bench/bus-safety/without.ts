import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The checks that stand between a wire and a value, and how each is taken out of a copy of its module: in memory, while it is loaded for
 * the proof. The gateway itself has no switch for it.
 */
export const checks = {
  unit: { file: "question.ts", from: "bytes[from] !== question.unit", to: "false" },
  function: { file: "question.ts", from: "bytes[from + 1] !== question.code", to: "false" },
  "byte-count": { file: "question.ts", from: "bytes[from + 2] === bytesOf(question)", to: "true" },
  length: { file: "rtu.ts", from: "this.#length === to && crcFits(", to: "crcFits(" },
  crc: { file: "rtu.ts", from: "this.#length === to && crcFits(this.buffer, from, to)", to: "this.#length === to" },
  "tcp-length": { file: "tcp.ts", from: "size === right && ", to: "" },
  "transaction-id": { file: "tcp.ts", from: "this.#buffer.readUInt16BE(0) !== this.#id", to: "false" },
  timing: { file: "bus.ts", from: "if (this.#isEarly(heard.from, heard.to))", to: "if (false)" },
  debts: { file: "bus.ts", from: "!this.debts.isFree(question)) await", to: "false) await" },
} as const satisfies Record<string, { file: string; from: string; to: string }>;
export type Check = keyof typeof checks;

export const isCheck = (name: string): name is Check => Object.hasOwn(checks, name);

type Proofs = typeof import("../../sim/modbus/proof.ts");

/** The proof on the driver's modules as they are, or on copies without that check. */
export async function proofWithout(check: Check | undefined): Promise<Proofs> {
  if (!check) return import("../../sim/modbus/proof.ts");
  if (!isHooked) hook();
  isHooked = true;
  return import(`../../sim/modbus/proof.ts?without=${check}`);
}

let isHooked = false;
const OURS = pathToFileURL(join(import.meta.dirname, "../../..")).href;
const checkOf = (url = "") => (URL.canParse(url) ? new URL(url).searchParams.get("without") : null);

/** A module that a copy imports is a copy without the same check. */
function hook(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const without = checkOf(context.parentURL);
      if (!without || !found.url.startsWith(OURS) || found.url.includes("/node_modules/")) return found;
      return { ...found, url: `${found.url}?without=${without}` };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const without = checkOf(url);
      if (!without || !isCheck(without)) return loaded;
      const { file, from, to } = checks[without];
      if (!new URL(url).pathname.endsWith(`/gateway/drivers/modbus/${file}`)) return loaded;
      const parts = String(loaded.source).split(from);
      if (parts.length < 2) throw new Error(`${file} has no check "${from}" any more`);
      return { ...loaded, source: parts.join(to) };
    },
  });
}
