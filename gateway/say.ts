import pino, { type Logger } from "pino";

const marks: Readonly<Record<number, string>> = { 40: "! ", 50: "!! ", 60: "!!! " };

/**
 * The gateway's own log: one line per event, for an electrician. JSON lines where `VIGIE_LOG=json`, plain text otherwise.
 * Control characters that a field device may have put into a name are escaped, so that no line can be forged.
 */
export function openSay(
  timezone: string,
  write: (line: string) => void = (line) => process.stdout.write(line),
): Logger {
  const level = process.env.VIGIE_LOG_LEVEL ?? "info";
  if (process.env.VIGIE_LOG === "json") return pino({ base: null, level }, { write });
  const stamp = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "medium" });
  return pino({ base: null, level }, { write: (json) => write(`${lineOf(JSON.parse(json), stamp)}\n`) });
}

function lineOf(
  entry: { time: number; level: number; msg?: string; err?: { stack?: string } },
  stamp: Intl.DateTimeFormat,
): string {
  const text = [entry.msg, entry.err?.stack].filter((part) => part !== undefined).join("\n");
  return `${stamp.format(entry.time)}  ${marks[entry.level] ?? ""}${printable(text)}`;
}

/** Line feeds of a stack stay; every other control character is shown, not obeyed. */
const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
