import { get } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ErrorAnswer } from "../../../gateway/core/api.ts";
import { type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.web.close());

const ack = async (type: string, body: string) => {
  const answer = await fetch(w.api("/alarms/a/ack"), { method: "POST", headers: { "content-type": type }, body });
  return { status: answer.status, body: (await answer.json()) as ErrorAnswer };
};

test.each([
  ["a body that is no JSON", "application/json", '{"comment": "x', 400, "bad-request", /quotes, commas and braces/],
  ["an empty body", "application/json", "", 400, "bad-request", /is empty/],
  ["a body of another kind", "text/csv", "a;b", 415, "wrong-type", /application\/json/],
  ["a body of 2 MB", "application/json", `"${"x".repeat(2 ** 21)}"`, 413, "too-large", /Send less/],
  ["a field that nobody knows", "application/json", '{"colour":"red"}', 400, "bad-request", /colour/],
])("%s is refused in words, with its place and without the framework's codes", async (_, type, sent, status, error, words) => {
  const answer = await ack(type, sent);
  expect(answer.status).toBe(status);
  expect(answer.body.error).toBe(error);
  expect(answer.body.message).toMatch(words);
  expect(answer.body.where).toMatch(/^body/);
  expect(JSON.stringify(answer.body)).not.toMatch(/FST_|Fastify|content-length/i);
});

test("an address that cannot be decoded is refused in words too", async () => {
  // `fetch` would mend it.
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = get(`${w.web.url}/api/v1/machines/%zz`, (answer) => {
      let text = "";
      answer.on("data", (piece) => {
        text += piece;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on("error", reject);
  });
  expect(status).toBe(400);
  expect(JSON.parse(text)).toEqual({ error: "bad-request", message: expect.stringMatching(/address/), where: "path" });
});
