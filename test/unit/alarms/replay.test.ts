import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { played } from "./chain.ts";

/** Every folder of test/fixtures/alarms is a story: what the sensors said, and what the alarms and the people then did. */
const stories = join(import.meta.dirname, "../../fixtures/alarms");

test.each(readdirSync(stories))("%s", async (story) => {
  const folder = join(stories, story);
  const expected = readFileSync(join(folder, "expected.txt"), "utf8").trim().split("\n");
  expect(await played(folder)).toEqual(expected);
});
