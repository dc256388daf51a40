import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { PAGE, troubleOf } from "./database.ts";
import { unseal } from "./frame.ts";
import { kindOf } from "./heads.ts";
import { type Gap, logNames } from "./protocol.ts";
import { putGap } from "./rows.ts";

/** SQLite's codes for "the disk would not give me that" (IOERR_READ, IOERR_SHORT_READ). */
const UNREAD = new Set([266, 522]);

/**
 * Whether a file must be left behind: it is damaged, or the disk gives some of it no more though it gives the rest. A disk that
 * gives nothing at all may get better, and is waited for.
 */
export function isDamage(error: unknown, file: string): boolean {
  if (troubleOf(error) === "damaged") return true;
  const code = typeof error === "object" && error && "errcode" in error ? Number(error.errcode) : 0;
  return UNREAD.has(code) && [file, `${file}-wal`].some((one) => existsSync(one) && hasHoles(one));
}

function hasHoles(file: string): boolean {
  const { holes, pages } = walk(file, Buffer.alloc(PAGE), () => undefined);
  return holes > 0 && holes < pages;
}

/** What can be read of a file; zeros where the disk gives nothing. */
export function readAround(file: string): Uint8Array {
  const parts: Buffer[] = [];
  walk(file, Buffer.alloc(PAGE), (page) => parts.push(Buffer.from(page)));
  return Buffer.concat(parts);
}

function walk(file: string, page: Buffer, see: (page: Buffer) => void): { holes: number; pages: number } {
  const fd = openSync(file, "r");
  try {
    const pages = Math.ceil(fstatSync(fd).size / PAGE);
    let holes = 0;
    for (let i = 0; i < pages; i++) {
      page.fill(0);
      try {
        readSync(fd, page, 0, PAGE, i * PAGE);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EIO")) throw error;
        holes++;
      }
      see(page);
    }
    return { holes, pages };
  } finally {
    closeSync(fd);
  }
}

/** Numbers within one start of the gateway that no row holds any more: written down as gaps. */
export function noteMissing(db: DatabaseSync): Gap[] {
  const gaps: Gap[] = [];
  for (const log of logNames) {
    let before: { last: number; boot: number } | undefined;
    for (const { first, body } of db.prepare(`SELECT first, body FROM ${log} ORDER BY first`).iterate()) {
      const header = body instanceof Uint8Array ? unseal(body, kindOf[log], Number(first)) : undefined;
      if (!header) continue;
      const { boot, count } = header;
      if (before && before.boot === boot && header.first > before.last + 1)
        gaps.push({ log, first: before.last + 1, last: header.first - 1, why: "damaged", boot, from: null, to: null });
      before = { last: header.first + count - 1, boot };
    }
  }
  for (const gap of gaps) putGap(db, gap);
  return gaps;
}
