import type { Cell } from "../core/log.ts";
import type { Samples } from "./history/chunk.ts";
import type { Pot } from "./history/pots.ts";
import type { NameRow } from "./names.ts";

/** What crosses between the main thread and the two workers. Blobs are transferred, never copied. */
export type LogName = "readings" | "notices" | "bursts";

export const logNames = ["readings", "notices", "bursts"] as const satisfies readonly LogName[];

export interface Row {
  log: LogName;
  first: number;
  n: number;
  body: Uint8Array<ArrayBuffer>;
}

export interface CellRow {
  kind: string;
  key: string;
  /** JSON, or null to remove. */
  value: string | null;
}

/** Seqs first…last of a log that hold nothing. `t`: the wall time they would have had. */
export interface Gap {
  log: LogName;
  first: number;
  last: number;
  why: "lost" | "damaged" | "gateway_off" | "stalled";
  boot: number;
  from: number | null;
  to: number | null;
}

/** One start of the gateway. Readings before `shift` is known carry an unsynced time; the shift puts them right. */
export interface Boot {
  boot: number;
  /** The kernel's own id of this boot of the machine: monotonic time goes on while it stays the same. */
  kernel: string;
  /** steady = monotonic + offset. */
  offset: number;
  /** Wall minus monotonic time, as stamped while unsynced. */
  wall: number;
  /** What unsynced times of this boot must be moved by; null while nobody knows. */
  shift: number | null;
  tq: "unsynced" | "holdover" | "bounded";
  /** For `bounded`: the true time of everything in this boot lies within. */
  bounds?: [number, number];
}

export interface Commit {
  rows: Row[];
  names: readonly NameRow[];
  cells: CellRow[];
  gaps: Gap[];
  boots: Boot[];
  meta: Record<string, string>;
  /** JSON of every follower's place. */
  cursors: string | null;
}

/** What a small file beside the store remembers, so that (boot, seq) is never used twice whatever happens to the store. */
export interface Floor {
  boot: number;
  reserved: Record<LogName, number>;
}

export interface Opened {
  boots: Boot[];
  names: NameRow[];
  heads: Record<LogName, { newest: number; oldest: number; reserved: number; lastT: number; lastSteady: number }>;
  cursors: string | null;
  gaps: Gap[];
  /** Entries of `readings` up to this seq are in the history. */
  compacted: number;
  /** First and last time of what each boot stored, as well as it is known. */
  spans: [boot: number, span: { from: number; to: number }][];
  /** Nothing below has ever been used, even if this file is an older copy, or new because the old one is gone. */
  floor: Floor;
  /** What had to be done to open it, in words for a person. */
  remarks: string[];
}

/** All that is small in a store, as it can be read where nothing can be written. */
export interface Peeked extends Omit<Opened, "remarks"> {
  cells: CellRow[];
  /** The newest readings, so far as they are still in the log, where they were asked for: detectors learn from them. */
  tail: Row[];
}

/** What may go. Everything below these seqs is delivered (and, for readings, compacted) or given up. */
export interface TidyOrder {
  now: number;
  /** Oldest seq that some follower still wants, per log. */
  wanted: Record<LogName, number>;
  keepRaw: number;
  keepMinutes: number;
  backlogFrom: number;
  bytes: number;
  burstBytes: number;
  counters: readonly string[];
  /** Compact even a young tail. */
  all: boolean;
}

export interface Tidied {
  /** There is more to do; ask again soon. */
  more: boolean;
  compacted: number;
  oldest: Record<LogName, number>;
  /** Last seq removed although somebody still wanted it. */
  purged: Record<LogName, { upTo: number; reason: "age" | "size" } | null>;
  removed: Record<LogName, number>;
  /** Single readings that left the history because the file is too large. */
  shed: number;
  damaged: Gap[];
  /** What had to be done, in words for a person. */
  remarks: string[];
  bytes: number;
  free: number;
  /** Size of the write-ahead log. */
  wal: number;
}

export type WriterCall =
  | { call: "open"; file: string }
  | { call: "commit"; commit: Commit }
  | { call: "newest" }
  | { call: "cells"; kind: string }
  | { call: "tidy"; order: TidyOrder }
  | { call: "close"; meta: Readonly<Record<string, string>> };

export interface WriterAnswers {
  open: Opened;
  commit: null;
  newest: Record<LogName, number>;
  cells: [key: string, value: string][];
  tidy: Tidied;
  close: null;
}

/** `disk`: full, failing, gone or read-only: one class, gets better by itself. */
export type Trouble = "disk" | "damaged" | "refused" | "bug";

export type Answer =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; trouble: Trouble; message: string };

export type ReaderCall =
  | { call: "open"; file: string }
  | { call: "after"; log: LogName; seq: number; limit: number }
  | { call: "range"; point: number; from: number; to: number; buckets: number }
  | { call: "page"; point: number; from: number; to: number }
  | { call: "counted"; point: number; from: number; to: number }
  | { call: "names" }
  | { call: "check" }
  | { call: "peek"; file: string; tail: boolean }
  | { call: "backup"; file: string };

export interface ReaderAnswers {
  open: null;
  after: { first: number; n: number; body: Uint8Array }[];
  range: Pot[];
  page: { samples: Samples; next: number };
  counted: number | null;
  names: NameRow[];
  check: boolean;
  peek: Peeked;
  backup: null;
}

export const rowOf = ({ kind, key, value }: Cell): CellRow => ({
  kind,
  key,
  value: value === null ? null : JSON.stringify(value),
});
