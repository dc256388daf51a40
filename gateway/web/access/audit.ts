import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { auditEnd, type Cells } from "../../core/log.ts";
import type { Meters } from "../../core/meter.ts";
import { type Clock, SECOND } from "../../core/time.ts";
import { syncFolder } from "../files.ts";

const line = z.object({
  n: z.int(),
  t: z.number(),
  /** Monotonic ms: tells the order even when somebody sets the clock. */
  mono: z.number(),
  who: z.string(),
  from: z.string(),
  what: z.string(),
  detail: z.string(),
  prev: z.string(),
  hash: z.string(),
});

export type AuditLine = z.infer<typeof line>;
export type AuditNote = Pick<AuditLine, "who" | "from" | "what" | "detail">;

/** What another program on this box has to say (an update, mostly): one note a line, taken into the chain at the next one. */
const INBOX = "inbox.jsonl";
const MOST_WAITING = 100;
const short = z.string().max(300);
const waiting = z.strictObject({ who: short, from: short, what: short, detail: short });

/** How far the list has come. */
const end = line.pick({ n: true, hash: true });
type End = z.infer<typeof end>;

const FIRST = "0".repeat(64);
const FILE_BYTES = 4 * 1024 * 1024;
const KEPT = 1_000;
/** Lines that wait for a disk that takes none; they are already bound to one another, so what comes after them is left out. */
const UNWRITTEN = 1_000;
const AT_ONCE = 100;
const TRY_AGAIN = 10 * SECOND;
/** A file put aside, by its last line. */
const ASIDE = /^audit-(\d+)(?:-damaged(?:-\d+)?)?\.jsonl$/;

export interface AuditParts {
  folder: string;
  cells: Cells;
  clock: Clock;
  meters: Meters;
  say: Logger;
}

/**
 * What people did to the gateway, one JSON line each, every line with the hash of the one before: a line that is changed
 * or taken out breaks the chain. Append-only; after 4 MB a file is put aside as `audit-<first n>.jsonl`, and the chain
 * goes on. The store knows the newest line that is on disk, or one before it: a list that ends earlier, or says something
 * else there, was cut off or written anew. With a full disk up to 1,000 lines wait in memory and are written when there is room; what comes
 * after those is counted, and their number is a line of its own later. Nobody is kept from working.
 */
export class Audit {
  readonly #parts: AuditParts;
  readonly #file: string;
  readonly #recent: AuditLine[] = [];
  #last: End = { n: 0, hash: FIRST };
  /** How long the file is, as far as whole lines go. */
  #bytes = 0;
  /** The last write failed, and may have left half a line. */
  #half = false;
  readonly #unwritten: AuditLine[] = [];
  #leftOut = 0;
  #again: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(parts: AuditParts) {
    this.#parts = parts;
    this.#file = join(parts.folder, "audit", "audit.jsonl");
  }

  static async open(parts: AuditParts): Promise<Audit> {
    const audit = new Audit(parts);
    await mkdir(join(parts.folder, "audit"), { recursive: true, mode: 0o700 });
    await audit.#goOn();
    await audit.#takeInbox();
    return audit;
  }

  /** Takes up the chain where it ends. */
  async #goOn(): Promise<void> {
    const known = end.safeParse((await this.#parts.cells.load(auditEnd.kind)).get(auditEnd.key)).data;
    const text = existsSync(this.#file) ? await readFile(this.#file, "utf8") : "";
    const { lines, broken } = readChain(text);
    for (const l of lines.slice(-KEPT)) this.#recent.push(l);
    // Between the file put aside and the first line of the next one there is none.
    const aside = lines.length > 0 ? [] : await this.#readAside();
    this.#last = lines.at(-1) ?? aside.at(-1) ?? this.#last;
    this.#bytes = Buffer.byteLength(text);
    const wrong = broken ?? (known && (await this.#missing(known, lines)));
    if (wrong) await this.#beginAgain(wrong, known, text !== "");
    else if (known?.hash !== this.#last.hash && this.#last.n > 0) this.#remember(this.#last);
  }

  /** Changed or cut off by somebody, or by a power failure: put aside as it is, and said in the new file. */
  async #beginAgain(wrong: string, known: End | undefined, rest: boolean): Promise<void> {
    const { say } = this.#parts;
    const { n } = this.#last;
    const free = [`audit-${n}-damaged.jsonl`, `audit-${n}-damaged-${this.#parts.clock.now()}.jsonl`];
    const name = free.find((one) => !existsSync(join(dirname(this.#file), one)));
    say.error(`audit list: ${wrong}${rest ? `; the file is kept as ${name}` : ""}`);
    if (rest && name) await rename(this.#file, join(dirname(this.#file), name));
    this.#bytes = 0;
    // A number that was given is not given again, and the new file stands on the last line that is known.
    if (known && known.n > n) this.#last = known;
    await this.#put({ who: "system", from: "", what: "audit-damaged", detail: wrong });
  }

  /** In words, that the line which the store knows is not there. The list may have come further since. */
  async #missing({ n, hash }: End, lines: readonly AuditLine[]): Promise<string | undefined> {
    if (this.#last.n < n) return `its end is missing: lines ${this.#last.n + 1} to ${n}`;
    const [first] = lines;
    const there = first && first.n === n + 1 ? first.prev : await this.#hashOf(n, lines);
    return there === hash ? undefined : `line ${n} is not the one that was written`;
  }

  async #hashOf(n: number, lines: readonly AuditLine[]): Promise<string | undefined> {
    const from = (some: readonly AuditLine[]) => some.find((l) => l.n === n)?.hash;
    return from(lines) ?? from(await this.#readAside(n));
  }

  /** The lines of the first file put aside that ends at line `n` or later; without `n`, of the newest one. */
  async #readAside(n?: number): Promise<AuditLine[]> {
    const folder = dirname(this.#file);
    const files = (await readdir(folder))
      .flatMap((name) => {
        const last = ASIDE.exec(name)?.[1];
        return last === undefined ? [] : [{ name, last: Number(last) }];
      })
      .sort((a, b) => a.last - b.last);
    const file = n === undefined ? files.at(-1) : files.find(({ last }) => last >= n);
    return file ? readChain(await readFile(join(folder, file.name), "utf8")).lines : [];
  }

  /** Once a line is on disk, and never before: a crash in between leaves the list ahead of what is known. */
  #remember({ n, hash }: End): void {
    const { cells, say } = this.#parts;
    cells
      .commit({ cells: [{ ...auditEnd, value: { n, hash } }], urgent: false })
      .catch((error) => say.warn(`audit list: its end could not be noted: ${error}`));
  }

  /** The newest lines, newest first. */
  recent(limit: number): AuditLine[] {
    return this.#recent.slice(-limit).reverse();
  }

  /** Resolves once the line is on disk, or waits for it, or was counted as lost. */
  async note(what: AuditNote): Promise<void> {
    await this.#takeInbox();
    await this.#put(what);
  }

  async #takeInbox(): Promise<void> {
    const inbox = join(this.#parts.folder, "audit", INBOX);
    if (!existsSync(inbox)) return;
    const taken = `${inbox}.taken`;
    try {
      await rename(inbox, taken);
      const rows = (await readFile(taken, "utf8")).split("\n").slice(0, MOST_WAITING);
      await rm(taken);
      for (const row of rows) {
        const note = parse(row, waiting);
        if (note) await this.#put(note);
      }
    } catch (error) {
      this.#parts.say.error(`audit list: ${INBOX} could not be taken in: ${error}`);
    }
  }

  #put({ who, from, what, detail }: AuditNote): Promise<void> {
    const { clock, meters } = this.#parts;
    if (this.#unwritten.length >= UNWRITTEN) {
      this.#leftOut += 1;
      meters.counter("audit_lost_total", "Audit lines that will never be written").value += 1;
      return this.#writeSoon();
    }
    const body = { n: this.#last.n + 1, t: clock.now(), mono: Math.round(clock.monotonic()), who, from, what, detail };
    const prev = this.#last.hash;
    const noted = { ...body, prev, hash: chain(prev, body) };
    this.#last = noted;
    this.#recent.push(noted);
    if (this.#recent.length > KEPT) this.#recent.shift();
    this.#unwritten.push(noted);
    return this.#writeSoon();
  }

  #writeSoon(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  /** Everything that waits, in its order; what cannot be written is tried again. */
  async #writeAll(): Promise<void> {
    const { say, meters } = this.#parts;
    const late = this.#again !== undefined;
    clearTimeout(this.#again);
    this.#again = undefined;
    try {
      while (this.#unwritten.length > 0) {
        const lines = this.#unwritten.slice(0, AT_ONCE);
        await this.#append(lines);
        this.#unwritten.splice(0, lines.length);
      }
      if (late) say.info("audit list: written again, with what had waited");
    } catch (error) {
      if (!late) say.error(`audit list: cannot be written: ${error instanceof Error ? error.message : error}`);
      this.#half = true;
      this.#again = setTimeout(() => void this.#writeSoon(), TRY_AGAIN).unref();
    }
    meters.gauge("audit_waiting", "Audit lines that wait for the disk").value = this.#unwritten.length;
    if (this.#leftOut === 0 || this.#unwritten.length > 0) return;
    const detail = `${this.#leftOut} lines, while the disk took none`;
    this.#leftOut = 0;
    void this.#put({ who: "system", from: "", what: "audit-lost", detail });
  }

  async #append(lines: readonly AuditLine[]): Promise<void> {
    const [first, last] = [lines[0], lines.at(-1)];
    if (!first || !last) return;
    const text = lines.map((one) => `${JSON.stringify(one)}\n`).join("");
    if (this.#bytes > FILE_BYTES) {
      await rename(this.#file, this.#file.replace("audit.jsonl", `audit-${first.n - 1}.jsonl`));
      this.#bytes = 0;
    }
    const fresh = this.#bytes === 0;
    const file = await open(this.#file, "a", 0o600);
    try {
      if (this.#half && (await file.stat()).size > this.#bytes) await file.truncate(this.#bytes);
      this.#half = false;
      await file.appendFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (fresh) await syncFolder(dirname(this.#file));
    this.#bytes += Buffer.byteLength(text);
    this.#remember(last);
  }
}

/** Reads a file and follows its chain; says at which line it breaks. */
export function readChain(text: string): { lines: AuditLine[]; broken?: string } {
  const lines: AuditLine[] = [];
  for (const row of text.split("\n").filter(Boolean)) {
    const parsed = parse(row, line);
    if (!parsed) return { lines, broken: `line ${lines.length + 1} cannot be read` };
    const { prev, hash, ...body } = parsed;
    const before = lines.at(-1)?.hash;
    if ((before !== undefined && prev !== before) || chain(prev, body) !== hash)
      return { lines, broken: `line ${lines.length + 1} does not follow the one before` };
    lines.push(parsed);
  }
  return { lines };
}

function parse<T>(row: string, shape: z.ZodType<T>): T | undefined {
  try {
    return shape.safeParse(JSON.parse(row)).data;
  } catch {
    // Not JSON: the caller names the line.
    return undefined;
  }
}

const chain = (prev: string, body: Omit<AuditLine, "prev" | "hash">): string =>
  createHash("sha256").update(prev).update(JSON.stringify(body)).digest("hex");
