import { parseArgs } from "node:util";
import { Misused } from "../../cli.ts";

/** `FILE [--data DIR]`, as `backup` and `restore` take it. */
export function fileAndFolder(args: string[]): { file: string; data: string } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { data: { type: "string", default: "./data" } },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw new Misused({ fr: "il faut un fichier", en: "name one file" });
  return { file, data: values.data };
}
