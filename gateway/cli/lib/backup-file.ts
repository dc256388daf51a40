import { parseArgs } from "node:util";
import { say } from "../../cli.ts";

/** `FILE [--data DIR]`, as `backup` and `restore` take it; undefined, with the usage printed, where it is not that. */
export function fileAndFolder(
  args: string[],
  command: "backup" | "restore",
): { file: string; data: string } | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: "string", default: "./data" } },
  });
  const [file] = positionals;
  if (file !== undefined && positionals.length === 1) return { file, data: values.data };
  console.error(
    say({ fr: `Usage : vigie ${command} FICHIER [--data DOSSIER]`, en: `Usage: vigie ${command} FILE [--data DIR]` }),
  );
  return undefined;
}
