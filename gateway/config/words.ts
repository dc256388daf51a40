import type { ErrorCode } from "yaml";
import { z } from "zod";
import { nearest } from "./suggest.ts";

/** What kind of thing belongs at a place, for a person who has never seen a schema. */
const KINDS: Readonly<Record<string, string>> = {
  object: "a group of `key: value` lines",
  array: "a list (lines that begin with -)",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  undefined: "nothing",
  null: "nothing",
};

const kind = (name: string): string => KINDS[name] ?? name;

const kindOf = (value: unknown): string =>
  kind(value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/** A complaint of a schema, as one or several `{ key?, message }`: `key` is the key of that place that it is about. */
export function inWords(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  name: string,
): readonly { key?: string; message: string }[] {
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => ({ key, message: `unknown key${nearest(key, known)}` }));
    }
    case "invalid_type": {
      const wanted = kind(issue.expected);
      const missing = issue.input === undefined && name !== "";
      return [
        { message: missing ? `${name} is missing: ${wanted}` : `${wanted} belongs here, not ${kindOf(issue.input)}` },
      ];
    }
    case "invalid_value":
      if (issue.message.startsWith("Invalid"))
        return [{ message: `one of these belongs here: ${issue.values.map(String).join(", ")}` }];
      return [{ message: issue.message }];
    case "too_small":
    case "too_big":
      return [{ message: bound(issue) ?? issue.message }];
    default:
      return [{ message: issue.message.replace(/^Invalid input: /, "") }];
  }
}

const UNITS: Readonly<Record<string, string>> = { string: " characters", array: " entries", set: " entries" };

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string | undefined {
  if (!/^Too (small|big)/.test(issue.message)) return undefined;
  const [least, limit] = issue.code === "too_small" ? [true, issue.minimum] : [false, issue.maximum];
  const ends = issue.inclusive === false ? (least ? "more than" : "less than") : least ? "at least" : "at most";
  const unit = UNITS[issue.origin] ?? "";
  return `${ends} ${limit}${unit}`;
}

/** The keys that a schema knows at `path`. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let found: readonly z.core.$ZodType[] = [schema];
  for (const step of path) found = found.flatMap((one) => inside(one, step));
  const keys = found.flatMap(bare).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));
  return [...new Set(keys)];
}

function inside(schema: z.core.$ZodType, step: PropertyKey): readonly z.core.$ZodType[] {
  return bare(schema).flatMap((one): z.core.$ZodType[] => {
    if (one instanceof z.ZodObject) return one.shape[String(step)] ? [one.shape[String(step)]] : [];
    if (one instanceof z.ZodArray) return [one.element];
    if (one instanceof z.ZodRecord) return [one.valueType];
    return [];
  });
}

/** A schema without what wraps it; several for a union. */
function bare(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(bare);
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  const { def } = schema._zod;
  if ("innerType" in def && def.innerType instanceof z.ZodType) return bare(def.innerType);
  return [schema];
}

/** What is wrong with the YAML itself. The parser's own words are for people who write parsers. */
export const YAML_WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: "this line does not stand under the one that it belongs to: check the spaces at its beginning",
  BLOCK_AS_IMPLICIT_KEY: "a key and its value do not fit together here: check the spaces at the beginning of the lines",
  BLOCK_IN_FLOW: "a { or [ is opened here and not closed before the next line begins",
  DUPLICATE_KEY: "this key stands twice in its group: keep one",
  MISSING_CHAR: "something that was opened is not closed: look for a missing quote, } or ]",
  MULTILINE_IMPLICIT_KEY: "a key and its colon belong on one line: look for a missing quote, } or ] just before",
  MULTIPLE_DOCS: "one file holds one site: take out the line ---",
  TAB_AS_INDENT: "a tab stands at the beginning of this line: use spaces",
  UNEXPECTED_TOKEN: "this does not belong here: look for a missing quote, comma, } or ] just before",
  BAD_SCALAR_START: "a value may not begin with this sign: put it in quotes",
  RESOURCE_EXHAUSTION: "the file is nested too deeply",
};
