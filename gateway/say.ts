import pino, { type Logger } from "pino";
import type { LogLine } from "./core/api.ts";
import type { EpochMs } from "./core/time.ts";
import { stamp } from "./core/zone.ts";
import { Ration } from "./ration.ts";

const marks: Readonly<Record<number, string>> = { 40: "! ", 50: "!! ", 60: "!!! " };

/**
 * The gateway's own log: one line per event, for an electrician. JSON lines where `VIGIE_LOG=json`, plain text otherwise.
 * Control characters that a field device may have put into a name are escaped, so that no line can be forged.
 */
export function openSay(
  timezone: string,
  write: (line: string) => void = (line) => process.stdout.write(line),
  tail?: Tail,
): Logger {
  const level = process.env.VIGIE_LOG_LEVEL ?? "info";
  const plain = process.env.VIGIE_LOG !== "json";
  const put = (entry: Entry) => {
    tail?.take(entry);
    write(`${plain ? lineOf(entry, timezone) : JSON.stringify(entry)}\n`);
  };
  const ration = new Ration<Entry>(put);
  let looking = false;
  const look = () => {
    ration.look(performance.now());
    looking = ration.keeps;
    if (looking) setTimeout(look, 1_000).unref();
  };
  return pino(
    { base: null, level },
    {
      write: (json) => {
        const entry = JSON.parse(json, (_, value) => (typeof value === "string" ? withoutSecrets(value) : value));
        // Whoever looks for a fault wants every line.
        if (level === "debug" || level === "trace") return put(entry);
        ration.take(entry, performance.now());
        if (ration.keeps && !looking) look();
      },
    },
  );
}

interface Entry {
  time: EpochMs;
  level: number;
  msg?: string;
  err?: { stack?: string };
}

function lineOf(entry: Entry, timezone: string): string {
  const text = [entry.msg, entry.err?.stack].filter((part) => part !== undefined).join("\n");
  return `${stamp(entry.time, timezone)}  ${marks[entry.level] ?? ""}${printable(text)}`;
}

/** Line feeds of a stack stay; every other control character is shown, not obeyed. */
const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );

/** How many lines the page can look back; older ones are in the journal of the system. */
const MOST = 500;
const LONGEST = 2_000;

/** The newest lines of the gateway's own log, for the page. Bounded: the oldest go. */
export class Tail {
  readonly #lines: LogLine[] = [];
  #n = 0;

  /** One line as it is written, its secrets cut out. */
  take(entry: { time: number; level: number; msg?: string }): void {
    this.#n += 1;
    const text = (entry.msg ?? "").slice(0, LONGEST);
    this.#lines.push({ n: this.#n, t: entry.time, level: levelOf(entry.level), text });
    if (this.#lines.length > MOST) this.#lines.shift();
  }

  /** Newest first. */
  lines(): LogLine[] {
    return this.#lines.toReversed();
  }
}

const levelOf = (level: number): LogLine["level"] => (level >= 50 ? "error" : level >= 40 ? "warning" : "info");

/** No line should hold a secret; what a library puts into its own message is cut out all the same. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/(:\/\/)[^\s/?#]+@/g, "$1…@")
    .replace(
      /\b(token|password|passwd|secret|authorization|api[_-]?key)(["']?\s*[=:]\s*["']?)(?:bearer\s+|token\s+)?[^\s"',;&]+/gi,
      "$1$2…",
    );
