import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import type { Meters } from "../../core/meter.ts";
import type { Clock } from "../../core/time.ts";

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

const FIRST = "0".repeat(64);
const FILE_BYTES = 4 * 1024 * 1024;
const KEPT = 1_000;

export interface AuditParts {
  folder: string;
  clock: Clock;
  meters: Meters;
  say: Logger;
}

/**
 * What people did to the gateway, one JSON line each, every line with the hash of the one before: a line that is changed
 * or taken out breaks the chain. Append-only; after 4 MB a file is put aside as `audit-<first n>.jsonl`, and the chain
 * goes on. With a full disk the lines stay in memory (the last 1,000) and are counted; nobody is kept from working.
 */
export class Audit {
  readonly #parts: AuditParts;
  readonly #file: string;
  readonly #recent: AuditLine[] = [];
  #last: Pick<AuditLine, "n" | "hash"> = { n: 0, hash: FIRST };
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(parts: AuditParts) {
    this.#parts = parts;
    this.#file = join(parts.folder, "audit", "audit.jsonl");
  }

  static async open(parts: AuditParts): Promise<Audit> {
    const audit = new Audit(parts);
    await mkdir(join(parts.folder, "audit"), { recursive: true, mode: 0o700 });
    if (existsSync(audit.#file)) await audit.#goOn();
    await audit.#takeInbox();
    return audit;
  }

  /** Takes up the chain of the file that is there. */
  async #goOn(): Promise<void> {
    const { lines, broken } = readChain(await readFile(this.#file, "utf8"));
    for (const l of lines.slice(-KEPT)) this.#recent.push(l);
    this.#last = lines.at(-1) ?? this.#last;
    this.#bytes = (await stat(this.#file)).size;
    if (broken) {
      // Changed by somebody, or cut off by a power failure: put aside as it is, and said in the new file.
      this.#parts.say.error(`audit list: ${broken}; the file is kept as audit-${this.#last.n}-damaged.jsonl`);
      await rename(this.#file, this.#file.replace("audit.jsonl", `audit-${this.#last.n}-damaged.jsonl`));
      this.#bytes = 0;
      await this.#put({ who: "system", from: "", what: "audit-damaged", detail: broken });
    }
  }

  /** The newest lines, newest first. */
  recent(limit: number): AuditLine[] {
    return this.#recent.slice(-limit).reverse();
  }

  /** Resolves once the line is on disk, or was counted as lost. */
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
    const { clock } = this.#parts;
    const body = { n: this.#last.n + 1, t: clock.now(), mono: Math.round(clock.monotonic()), who, from, what, detail };
    const prev = this.#last.hash;
    const hash = chain(prev, body);
    this.#last = { n: body.n, hash };
    this.#recent.push({ ...body, prev, hash });
    if (this.#recent.length > KEPT) this.#recent.shift();
    this.#writing = this.#writing.then(() => this.#write(`${JSON.stringify({ ...body, prev, hash })}\n`, body.n));
    return this.#writing;
  }

  async #write(text: string, n: number): Promise<void> {
    try {
      if (this.#bytes > FILE_BYTES) {
        await rename(this.#file, this.#file.replace("audit.jsonl", `audit-${n - 1}.jsonl`));
        this.#bytes = 0;
      }
      const file = await open(this.#file, "a", 0o600);
      try {
        await file.write(text);
        await file.datasync();
      } finally {
        await file.close();
      }
      this.#bytes += text.length;
    } catch (error) {
      const { meters, say } = this.#parts;
      meters.counter("audit_lost_total", "Audit lines that could not be written").value += 1;
      say.error(`audit list: a line could not be written: ${error instanceof Error ? error.message : error}`);
    }
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
