import { readdir } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Language, type Text, Told } from "./core/text.ts";

/** One file of `cli/`: its name is the command. `run` resolves to the exit code. */
export interface Command {
  summary: Text;
  /** What `--help` says below the summary. */
  usage: Text;
  run(args: string[]): Promise<number>;
}

/** `vigie COMMAND …`: finds the file and hands over. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const names = await commandNames();
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    console.log(await overview(names));
    return 0;
  }
  if (name === "--version") return (await load("version")).run(rest);
  if (!names.includes(name)) {
    console.error(say({ fr: `vigie : commande inconnue « ${name} »`, en: `vigie: unknown command "${name}"` }));
    console.error(await overview(names));
    return 2;
  }
  const command = await load(name);
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(`vigie ${name}${say(colon)}${say(command.summary)}\n\n${say(command.usage)}`);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    const wrong = misused(error);
    if (wrong) {
      console.error(`vigie ${name}${say(colon)}${say(wrong)}\n\n${say(command.usage)}`);
      return 2;
    }
    if (!isForPeople(error)) throw error;
    console.error(error instanceof Told ? say(error.text) : `vigie ${name}${say(colon)}${error.message}`);
    return 1;
  }
}

/** What is wrong with a command line; printed with the usage, exit code 2. */
export class Misused extends Told {}

let written: Language | undefined;

/**
 * Speaks the language of a site file from now on, where it names one: many a box has an English locale that nobody chose,
 * and whoever wrote `language: fr` reads French.
 */
export function speakAs(language: Language | undefined): void {
  written = language;
}

/** The language that the locale names; undefined for none, which is what `C` says. */
export function localeLanguage(): Language | undefined {
  const locale = process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || "";
  if (/^(C|POSIX)?([.@]|$)/i.test(locale)) return undefined;
  return /^fr/i.test(locale) ? "fr" : "en";
}

/** The site file's language, else the locale's, else French. */
export const terminalLanguage = (): Language => written ?? localeLanguage() ?? "fr";

/** A text for the terminal. */
export const say = (text: Text): string => text[terminalLanguage()];

const folder = join(import.meta.dirname, "cli");

async function commandNames(): Promise<string[]> {
  const files = await readdir(folder, { withFileTypes: true });
  return files.flatMap((f) => (f.isFile() && f.name.endsWith(".ts") ? [basename(f.name, ".ts")] : [])).sort();
}

async function load(name: string): Promise<Command> {
  const command = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Command;
  // Node keeps what it has read of its cache of compiled code until it is told to write it: 5 MB.
  flushCompileCache();
  return command;
}

async function overview(names: readonly string[]): Promise<string> {
  const lines = await Promise.all(names.map(async (name) => `  ${name.padEnd(14)}${say((await load(name)).summary)}`));
  return [
    say({ fr: "Usage : vigie COMMANDE [options]", en: "Usage: vigie COMMAND [options]" }),
    "",
    ...lines,
    "",
    say({ fr: "vigie COMMANDE --help en dit plus.", en: "vigie COMMAND --help tells more." }),
  ].join("\n");
}

/** What needs no stack: our own words, and the system's about a file that is not there or not to be touched. */
const isForPeople = (error: unknown): error is Error =>
  error instanceof Told || (error instanceof Error && "syscall" in error);

/** Before what is said, after who says it. */
const colon: Text = { fr: " : ", en: ": " };

/** What is wrong with the command line, where it is that; `parseArgs` says it in English only, with the option in quotes. */
function misused(error: unknown): Text | undefined {
  if (error instanceof Misused) return error.text;
  if (!(error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))) return undefined;
  const [, named = ""] = /'([^']*)'/.exec(error.message) ?? [];
  const french = {
    ERR_PARSE_ARGS_UNKNOWN_OPTION: `option inconnue « ${named} »`,
    ERR_PARSE_ARGS_INVALID_OPTION_VALUE: `valeur en trop ou manquante pour « ${named} »`,
    ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL: `« ${named} » est en trop`,
  };
  return { fr: new Map(Object.entries(french)).get(String(error.code)) ?? error.message, en: error.message };
}
