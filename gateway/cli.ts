import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Language, Text } from "./core/text.ts";

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
    console.log(`vigie ${name}: ${say(command.summary)}\n\n${say(command.usage)}`);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (!isUsage(error)) throw error;
    console.error(`vigie ${name}: ${error.message}\n\n${say(command.usage)}`);
    return 2;
  }
}

/** The language of the terminal; French where the locale says so. */
export const terminalLanguage = (): Language =>
  /^fr/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || "") ? "fr" : "en";

/** A text for the terminal. */
export const say = (text: Text): string => text[terminalLanguage()];

const folder = join(import.meta.dirname, "cli");

async function commandNames(): Promise<string[]> {
  const files = await readdir(folder, { withFileTypes: true });
  return files.flatMap((f) => (f.isFile() && f.name.endsWith(".ts") ? [basename(f.name, ".ts")] : [])).sort();
}

async function load(name: string): Promise<Command> {
  return (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as Command;
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

/** What `parseArgs` throws on an option that it does not know. */
const isUsage = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
