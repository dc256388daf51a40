import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dangerOf } from "../../../../gateway/drivers/lines/pattern.ts";
import { LINE_MAX } from "../../../../gateway/drivers/lines/split.ts";

test.each([
  "ST,GS,\\s*(?<value>[+-]?[\\d.]+)\\s*kg",
  "^ST,GS,\\s*(?<value>[+-]?\\s*[\\d.,]+)\\s*kg",
  "^01A([+-]\\d+\\.\\d+)",
  "(\\d+)",
  ".*?(\\d+)kg",
  "^.*,.*,(\\d+)",
  "^(?:[^,]*,){3}(\\d+)",
  "(?:\\d+,)*(\\d+)$",
  "(?:kg|g|mm)+$",
  "(?:^|;)T=(-?\\d+(?:[.,]\\d+)?)",
  "([+-]?\\d+)(\\.\\d+)?([eE][+-]?\\d+)?\\s*V",
  "Temp\\S*\\s+(\\S+)\\s*\\xb0?C",
  "(?<=T1: )(?:\\d{1,3}\\.)?\\d+(?!%)",
  "[\\]a*)(]+\\)\\(\\[",
  "\\1|\\k<x>|\\c|{|}|]|a{,2}",
  "",
])("%s is accepted", (pattern) => expect(dangerOf(pattern)).toBeUndefined());

test.each([
  "^(a+)+$",
  "(?:a*)*b",
  "(?<n>[a-c]+)+x",
  "(\\w+\\s?)*$",
  "(a|a)*b",
  "(?:\\d|\\d\\.)+x",
  "(a?){30}b",
  "(?:a|ab?){40}c",
  "((?:a+){2,})x",
  "([a\\]]+]*)+$",
  "(\\x61|a)+$",
  "(?i:(?:a|A)+)b",
  "(?=(?:a+)+b)a",
  "(?<=(?:a+)+)b",
  "a*a*a*a*b",
  ".*,.*,.*,(\\d+)",
])("%s could take for ever, and is refused", (pattern) => expect(dangerOf(pattern)).toBe("slow"));

test.each(["(a)\\1", "(?<x>a|b)\\k<x>", "\\2(a)(b)"])("%s refers back, and is refused", (pattern) =>
  expect(dangerOf(pattern)).toBe("refers-back"));

/** Patterns of few letters, so that their parts get into each other's way. */
const { tree: patterns } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom("a", "b", "\\w", "[ab]", "[^a]", ".", "\\x61", "^", "$", "\\b", ","),
    fc.tuple(tie("tree"), tie("tree")).map(([one, two]) => one + two),
    fc.tuple(tie("tree"), tie("tree")).map(([one, two]) => `(?:${one}|${two})`),
    fc
      .tuple(tie("tree"), fc.constantFrom("*", "+", "?", "{2}", "{3,}", "{0,9}", "{20}", "*?", "+?"))
      .map(([one, count]) => `(${one})${count}`),
    fc.tuple(fc.constantFrom("a", "b", "\\w", "."), fc.constantFrom("*", "+", "?", "+?")).map((both) => both.join("")),
    fc.tuple(fc.constantFrom("(?=", "(?!", "(?<=", "(?<!", "(?i:"), tie("tree")).map(([open, one]) => `${open}${one})`),
  ),
}));

test("whatever is accepted is through with the worst lines", async () => {
  const all = fc.sample(patterns, { numRuns: 4_000, seed: Number(process.env.SEED ?? 1) });
  const accepted = [...new Set(all)].filter((pattern) => dangerOf(pattern) === undefined);
  expect(accepted.length).toBeGreaterThan(1_000);
  expect(new Set(all).size - accepted.length).toBeGreaterThan(100);
  const lines = ["a", "b", "ab", "aab", "a,", ",", "aA"].flatMap((text) => {
    const line = text.repeat(LINE_MAX).slice(0, LINE_MAX - 1);
    return [`${line}!`, `${line}a`];
  });
  // Alone, and with an end that no line has.
  const both = accepted.flatMap((one) => [one, `${one}!!`]).filter((one) => dangerOf(one) === undefined);
  const worker = new Worker(
    `const { parentPort, workerData: { both, lines } } = require("node:worker_threads");
    for (const pattern of both) {
      parentPort.postMessage(pattern);
      const expression = new RegExp(pattern);
      for (const line of lines) expression.exec(line);
    }`,
    { eval: true, workerData: { both, lines } },
  );
  let last = "";
  worker.on("message", (pattern) => {
    last = pattern;
  });
  const patience = setTimeout(() => void worker.terminate(), 60_000);
  const [code] = await once(worker, "exit");
  clearTimeout(patience);
  expect(code, `busy with ${last}`).toBe(0);
}, 90_000);
