import { z } from "zod";
import { type Language, reasonOf, sameText, type Text } from "../core/text.ts";
import { nearest } from "./suggest.ts";

/** What kind of thing belongs at a place, for a person who has never seen a schema. */
const KINDS: Readonly<Record<string, Text>> = {
  object: { fr: "un groupe de lignes `clé: valeur`", en: "a group of `key: value` lines" },
  record: { fr: "un groupe de lignes `clé: valeur`", en: "a group of `key: value` lines" },
  array: { fr: "une liste (lignes qui commencent par -)", en: "a list (lines that begin with -)" },
  tuple: { fr: "une liste (lignes qui commencent par -)", en: "a list (lines that begin with -)" },
  string: { fr: "un texte", en: "a text" },
  number: { fr: "un nombre", en: "a number" },
  int: { fr: "un nombre entier", en: "a whole number" },
  boolean: { fr: "true ou false", en: "true or false" },
  null: { fr: "rien", en: "nothing" },
  impossible: { fr: "un nombre impossible", en: "an impossible number" },
};

const kind = (name: string): Text => KINDS[name] ?? { fr: "autre chose", en: "something else" };

const kindOf = (value: unknown): Text =>
  kind(
    Array.isArray(value) ? "array" : typeof value === "number" && !Number.isFinite(value) ? "impossible" : typeof value,
  );

/** A complaint of a schema, as one or several `{ key?, message }`: `key` is the key of that place that it is about. */
export function inWords(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  name: string,
): readonly { key?: string; message: Text }[] {
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      return { key, message: { fr: `clé inconnue${near.fr}`, en: `unknown key${near.en}` } };
    });
  }
  return [{ message: ownWords(issue) ?? usualWords(issue, name) }];
}

const bothWords = z.object({ fr: z.string(), en: z.string() });

/** What the schema itself says of the place, where its author has given words. */
const ownWords = (issue: z.core.$ZodIssue): Text | undefined =>
  reasonOf(issue.message) ?? (issue.code === "custom" ? bothWords.safeParse(issue.params).data : undefined);

function usualWords(issue: z.core.$ZodIssue, name: string): Text {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = kind(issue.expected);
      if (issue.input === undefined && name !== "")
        return { fr: `${name} manque : ${wanted.fr}`, en: `${name} is missing: ${wanted.en}` };
      if (issue.input === undefined || issue.input === null)
        return {
          fr: `il faut ici ${wanted.fr}, et il n'y a rien`,
          en: `${wanted.en} belongs here, and there is nothing`,
        };
      const found = kindOf(issue.input);
      return { fr: `il faut ici ${wanted.fr}, pas ${found.fr}`, en: `${wanted.en} belongs here, not ${found.en}` };
    }
    case "invalid_value": {
      const words = issue.values.map(String).join(", ");
      return { fr: `il faut ici l'un de ces mots : ${words}`, en: `one of these belongs here: ${words}` };
    }
    case "too_small":
    case "too_big":
      return bound(issue);
    case "not_multiple_of":
      return { fr: `il faut ici un multiple de ${issue.divisor}`, en: `a multiple of ${issue.divisor} belongs here` };
    case "invalid_format":
      return format(issue);
    case "invalid_union":
      return choice(issue.errors.flatMap(([first]) => (first ? [first] : [])));
    case "invalid_key":
      return {
        fr: `ce nom ne convient pas : ${keyWords(issue.issues).fr}`,
        en: `this name will not do: ${keyWords(issue.issues).en}`,
      };
    default:
      return sameText(issue.message);
  }
}

/** Each branch of a union says what it wants, and none has got it. */
function choice(branches: readonly z.core.$ZodIssue[]): Text {
  const wanted = branches.flatMap((one): Text[] => {
    if (one.code === "invalid_type") return [kind(one.expected)];
    return one.code === "invalid_value" ? one.values.map((value) => sameText(String(value))) : [usualWords(one, "")];
  });
  const once = (language: Language, or: string) => [...new Set(wanted.map((one) => one[language]))].join(or);
  return { fr: `il faut ici ${once("fr", " ou ")}`, en: `${once("en", " or ")} belongs here` };
}

/** Why a key is refused: what its schema says first. */
function keyWords([first]: readonly z.core.$ZodIssue[]): Text {
  return first ? (ownWords(first) ?? usualWords(first, "")) : { fr: "changez-le", en: "change it" };
}

const UNITS: Readonly<Record<string, Text>> = {
  string: { fr: " caractères", en: " characters" },
  array: { fr: " éléments", en: " entries" },
  set: { fr: " éléments", en: " entries" },
};

const ENDS = {
  least: { fr: "au moins", en: "at least" },
  most: { fr: "au plus", en: "at most" },
  above: { fr: "plus de", en: "more than" },
  below: { fr: "moins de", en: "less than" },
} as const satisfies Record<string, Text>;

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): Text {
  const [least, limit] = issue.code === "too_small" ? [true, issue.minimum] : [false, issue.maximum];
  const ends = issue.inclusive === false ? (least ? ENDS.above : ENDS.below) : least ? ENDS.least : ENDS.most;
  const unit = UNITS[issue.origin];
  return { fr: `${ends.fr} ${limit}${unit?.fr ?? ""}`, en: `${ends.en} ${limit}${unit?.en ?? ""}` };
}

const FORMATS: Readonly<Record<string, Text>> = {
  url: { fr: "une adresse, par exemple https://exemple.fr", en: "an address such as https://example.com" },
  date: { fr: "une date, par exemple 2026-03-01", en: "a date such as 2026-03-01" },
  email: { fr: "une adresse de courriel", en: "an e-mail address" },
  template_literal: { fr: "machine/signal, par exemple tour-2/power", en: "machine/signal, such as tour-2/power" },
};

function format(issue: z.core.$ZodIssueInvalidStringFormat): Text {
  const pattern = issue.pattern?.replace(/^\/\^?|\$?\/[a-z]*$/g, "");
  return (
    FORMATS[issue.format] ?? {
      fr: `ce texte n'a pas la forme attendue${pattern ? ` (${pattern})` : ""}`,
      en: `this text has not the form that belongs here${pattern ? ` (${pattern})` : ""}`,
    }
  );
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
