import { isDeepStrictEqual } from "node:util";
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Text } from "../core/text.ts";
import { HttpError } from "./errors.ts";

export interface Edit {
  path: readonly (string | number)[];
  /** Left out: the place is removed. */
  value?: unknown;
  /** Appends to the list at that place. */
  add: boolean;
}

/** The same text with those edits in it; comments, order and every line that is not meant stay as people wrote them. */
export const edited = (yaml: string, edits: readonly Edit[]): string => edits.reduce(one, yaml);

const NOT_YAML: Text = {
  fr: "Ce fichier n'est pas du YAML correct : corrigez-le d'abord.",
  en: "This file is not correct YAML: mend it first.",
};

function one(yaml: string, edit: Edit): string {
  const document = parseDocument(yaml);
  if (document.errors.length > 0) throw new HttpError(422, "wrong-config", NOT_YAML);
  const place = document.getIn(edit.path, true) as Node | undefined;
  const spliced = place || edit.add ? splice(yaml, place, edit) : newKey(yaml, document, edit);
  const { path, value, add } = edit;
  try {
    if (add && place === undefined) document.setIn(path, document.createNode([value]));
    else if (add) document.addIn(path, document.createNode(value));
    else if (value === undefined) document.deleteIn(path);
    else document.setIn(path, document.createNode(value));
  } catch {
    throw new HttpError(422, "no-such-place", {
      fr: `Le fichier n'a pas de place ${path.join(".")}.`,
      en: `There is no place ${path.join(".")} in the file.`,
    });
  }
  // The text with a few characters put in is taken only when it means the very same; else everything is printed anew.
  if (spliced !== undefined && isDeepStrictEqual(meaning(spliced), document.toJS())) return spliced;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** What a text says; undefined where it is no longer YAML. */
function meaning(yaml: string): unknown {
  const document = parseDocument(yaml);
  return document.errors.length > 0 ? undefined : document.toJS();
}

function splice(yaml: string, place: Node | undefined, { value, add }: Edit): string | undefined {
  if (!place?.range || value === undefined) return undefined;
  const [start, end] = place.range;
  if (add && isSeq(place)) return place.flow ? intoFlow(yaml, place, end, value) : afterLast(yaml, place, value);
  if (add || !isScalar(place) || typeof value === "object") return undefined;
  return yaml.slice(0, start) + stringify(value).trimEnd() + yaml.slice(end);
}

/** A key that is not there yet, on one line after the last one of the map that should have it. */
function newKey(yaml: string, document: Document, { path, value }: Edit): string | undefined {
  if (value === undefined) return undefined;
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const map = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (map === undefined || map === null) continue;
    if (!isMap(map)) return undefined;
    const [key, ...inner] = path.slice(depth);
    const pair = `${key}: ${oneLine(inner.reduceRight<unknown>((within, name) => ({ [name]: within }), value))}`;
    return map.flow ? intoFlowMap(yaml, map, pair) : afterLastKey(yaml, map, pair);
  }
  return undefined;
}

/** `{ a: 1 }` → `{ a: 1, b: 2 }` */
function intoFlowMap(yaml: string, map: YAMLMap, pair: string): string | undefined {
  const end = map.range?.[1];
  if (end === undefined) return undefined;
  const before = yaml.slice(0, end - 1).trimEnd();
  const [comma, closing] = map.items.length > 0 ? [",", yaml.slice(before.length, end)] : ["", " }"];
  return `${before}${comma} ${pair}${closing}${yaml.slice(end)}`;
}

function afterLastKey(yaml: string, map: YAMLMap, pair: string): string | undefined {
  const [first] = map.items;
  const last = map.items.at(-1);
  if (!isNode(first?.key) || !first.key.range || !isNode(last?.value) || !last.value.range) return undefined;
  const [start] = first.key.range;
  const indent = " ".repeat(start - (yaml.lastIndexOf("\n", start - 1) + 1));
  const content = yaml.slice(0, last.value.range[1]).trimEnd().length;
  const lineEnd = yaml.indexOf("\n", content);
  const at = lineEnd < 0 ? yaml.length : lineEnd;
  return `${yaml.slice(0, at)}\n${indent}${pair}${yaml.slice(at)}`;
}

/** `[a, b]` → `[a, b, c]` */
function intoFlow(yaml: string, list: YAMLSeq, end: number, value: unknown): string {
  const before = yaml.slice(0, end - 1).trimEnd();
  const closing = yaml.slice(before.length, end);
  return `${before}${list.items.length > 0 ? ", " : ""}${oneLine(value)}${closing}${yaml.slice(end)}`;
}

/** A new item under the last one, written as its neighbours are. */
function afterLast(yaml: string, list: YAMLSeq, value: unknown): string | undefined {
  const first = list.items[0] as Node | undefined;
  const last = list.items.at(-1) as Node | undefined;
  if (!first?.range || !last?.range) return undefined;
  const line = yaml.lastIndexOf("\n", first.range[0] - 1) + 1;
  const indent = /^ *(?=- )/.exec(yaml.slice(line))?.[0];
  if (indent === undefined) return undefined;
  const content = yaml.slice(0, last.range[1]).trimEnd().length;
  const lineEnd = yaml.indexOf("\n", content);
  const at = lineEnd < 0 ? yaml.length : lineEnd;
  const asOneLine = isCollection(last) ? last.flow === true : typeof value !== "object";
  const item = asOneLine
    ? `${indent}- ${oneLine(value)}`
    : stringify([value], { lineWidth: 0 })
        .trimEnd()
        .split("\n")
        .map((row) => indent + row)
        .join("\n");
  return `${yaml.slice(0, at)}\n${item}${yaml.slice(at)}`;
}

const oneLine = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: true }).trimEnd();
