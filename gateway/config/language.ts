import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { type Language, languages } from "../core/text.ts";

/** The language that a site file names, however wrong the rest of it is; undefined where it names none. */
export function languageOf(file: string): Language | undefined {
  try {
    const said = parseDocument(readFileSync(file, "utf8"), { logLevel: "silent" }).getIn(["site", "language"]);
    return languages.find((language) => language === said);
  } catch {
    // What is wrong with the file is said by whoever loads it.
    return undefined;
  }
}
