import { isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";

/** What somebody may type, paste or forget; and what somebody may try. */
const VALUES = [
  "0",
  "-1",
  "1ms",
  "0s",
  "1e309",
  "99999999999999999999",
  "3.7",
  "true",
  "null",
  '""',
  "[]",
  "{}",
  "&a [*a]",
  "*nowhere",
  "!!js/function x",
  "../../etc/passwd",
  "bar",
  "°C",
  "tour-1",
  "ligne-tour",
  "127.0.0.1",
  variable("NOT_SET"),
  variable("SIM_MODBUS"),
  "__proto__",
  "constructor",
  "<img src=x onerror=alert(1)>",
  "=cmd|'/c calc'!A1",
  "é".repeat(300),
  "[1, [2, [3, [4]]]]",
  "{ __proto__: { polluted: 1 } }",
  "(a+)+$",
  "write",
  "holding",
  "coil",
  "2026-11-23",
  "0x10",
  "247",
  "248",
  "500",
  "@#%",
];
const SPLICES = [
  "\t",
  "\u0000",
  "{",
  "]",
  ": :",
  "- - -",
  "\n\n",
  "#",
  "'",
  '"',
  "---\n",
  "?",
  "|",
  ">",
  "%YAML 9.9\n",
];

type Draw = () => number;

/** One to three changes of a site file: at a node of its tree, or at a place of its text. */
export function mutated(text: string, draw: Draw): string {
  let now = text;
  for (let i = 1 + Math.floor(draw() * 3); i > 0; i--) now = draw() < 0.75 ? atNode(now, draw) : atText(now, draw);
  return now;
}

function atText(text: string, draw: Draw): string {
  const at = Math.floor(draw() * text.length);
  const cut = draw() < 0.5 ? 0 : Math.floor(draw() * 40);
  return text.slice(0, at) + pick(SPLICES, draw) + text.slice(at + cut);
}

function atNode(text: string, draw: Draw): string {
  const nodes: Node[] = [];
  const collect = (node: unknown): void => {
    if (isMap(node)) for (const { key, value } of node.items) [key, value].forEach(collect);
    if (isSeq(node)) node.items.forEach(collect);
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.range) nodes.push(node);
  };
  collect(parseDocument(text).contents);
  if (nodes.length === 0) return atText(text, draw);
  const range = pick(nodes, draw).range;
  if (!range) return atText(text, draw);
  const [from, to] = range;
  const here = text.slice(from, to);
  const how = draw();
  if (how < 0.55) return text.slice(0, from) + pick(VALUES, draw) + text.slice(to);
  if (how < 0.7) return text.slice(0, from) + text.slice(to);
  const other = pick(nodes, draw).range ?? range;
  if (how < 0.85) return text.slice(0, from) + text.slice(other[0], other[1]) + text.slice(to);
  return text.slice(0, to) + here + text.slice(to);
}

const pick = <T>(list: readonly T[], draw: Draw): T => {
  const one = list[Math.floor(draw() * list.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
};

function variable(name: string): string {
  return `\${${name}}`;
}
