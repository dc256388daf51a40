import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LogLine, RestoreAnswer } from "../../../gateway/core/api.ts";
import { openSay, Tail, withoutSecrets } from "../../../gateway/say.ts";
import { furniture, restored, type World, world } from "./world.ts";

let w: World;
let folder: string;
let tail: Tail;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-web-"));
  tail = new Tail();
  restored.length = 0;
  w = await world({}, { ...furniture(folder), folder, logLines: () => tail.lines() });
});
afterEach(() => w.web.close());

const call = async (method: string, path: string, body?: object | Uint8Array<ArrayBuffer>) => {
  const raw = body instanceof Uint8Array;
  const answer = await fetch(w.api(path), {
    method,
    ...(body && {
      body: raw ? body : JSON.stringify(body),
      headers: { "content-type": raw ? "application/octet-stream" : "application/json" },
    }),
  });
  return { status: answer.status, body: (await answer.json()) as RestoreAnswer & { message: string } };
};

describe("a backup comes back", () => {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));
  const send = async (text: string) => {
    const { body } = await call("POST", "/restore", { size: text.length });
    const half = Math.floor(text.length / 2);
    await call("PUT", `/restore/${body.id}/0`, bytes(text.slice(0, half)));
    await call("PUT", `/restore/${body.id}/${half}`, bytes(text.slice(half)));
    return body.id;
  };

  test("in pieces, checked as a whole, and in place only after somebody said so once more", async () => {
    const id = await send("copy of the store");
    expect((await call("POST", `/restore/${id}`)).status).toBe(409);
    expect((await call("POST", `/restore/${id}/check`)).body).toEqual({ id, bytes: 17 });
    expect(restored).toEqual([]);
    expect((await call("POST", `/restore/${id}`)).status).toBe(202);
    await expect.poll(() => restored).toEqual(["copy of the store"]);
    // Once: a second click finds nothing.
    expect((await call("POST", `/restore/${id}`)).status).toBe(404);
  });

  test("what is no sound backup is refused in words, without our folders", async () => {
    const id = await send("a photo of a cat");
    const { status, body } = await call("POST", `/restore/${id}/check`);
    expect(status).toBe(422);
    expect(body.message).toMatch(/no sound backup/);
    expect(body.message).not.toContain("/");
    expect((await call("POST", `/restore/${id}`)).status).toBe(409);
    expect(restored).toEqual([]);
  });

  test("half a file, a piece in the wrong place and a piece too many are refused", async () => {
    const { body } = await call("POST", "/restore", { size: 8 });
    expect((await call("PUT", `/restore/${body.id}/3`, bytes("copy"))).status).toBe(409);
    expect((await call("PUT", `/restore/${body.id}/0`, bytes("copy"))).body.bytes).toBe(4);
    expect((await call("POST", `/restore/${body.id}/check`)).status).toBe(409);
    expect((await call("PUT", `/restore/${body.id}/4`, bytes("12345"))).status).toBe(409);
    expect((await call("POST", "/restore", { size: 2 ** 50 })).status).toBe(507);
  });

  test("an upload that was left makes room for the next, and no name leads elsewhere", async () => {
    await send("copy 1");
    await send("copy 2");
    expect(readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("restore-"))).toHaveLength(1);
    for (const id of ["..%2f..%2fgateway", "%2e%2e", "000000000000"])
      expect((await call("POST", `/restore/${id}/check`)).status).toBeGreaterThanOrEqual(400);
    expect(existsSync(join(folder, "gateway.yaml"))).toBe(true);
  });
});

describe("the gateway's own log on the page", () => {
  const logs = async (query = "") => (await (await fetch(w.api(`/logs${query}`))).json()) as LogLine[];

  test("newest first, by level and by word", async () => {
    const say = openSay("Europe/Paris", () => undefined, tail);
    say.info("ligne-1: /dev/ttyUSB0 is open");
    say.warn("ligne-1: tour-2 silent (timeout ×3), trying again in 8 s");
    say.error("the disk no longer records");
    expect((await logs()).map(({ level }) => level)).toEqual(["error", "warning", "info"]);
    expect((await logs("?level=warning")).map(({ n }) => n)).toEqual([3, 2]);
    expect((await logs("?text=TOUR-2")).map(({ text }) => text)).toEqual([
      "ligne-1: tour-2 silent (timeout ×3), trying again in 8 s",
    ]);
    expect(await logs("?limit=1")).toHaveLength(1);
  });

  test.each(["plain", "json"])("a secret in a message is not written either: %s", (kind) => {
    vi.stubEnv("VIGIE_LOG", kind);
    const written: string[] = [];
    const say = openSay("Europe/Paris", (line) => written.push(line), tail);
    const error = new Error("no answer", { cause: new Error("from mqtt://vigie:s3s@me@broker:1883/x") });
    say.error({ err: error }, "mqtt://vigie:s3s@me@broker:1883 refused");
    vi.unstubAllEnvs();
    expect(written.join()).toContain("mqtt://…@broker:1883 refused");
    expect(written.join() + tail.lines()[0]?.text).not.toContain("s3s");
    expect(written.join().includes('{"level":50')).toBe(kind === "json");
  });

  test("keeps 500 lines and no more, each cut", () => {
    for (let i = 0; i < 2_000; i++) tail.take({ time: i, level: 30, msg: "x".repeat(i === 1_999 ? 9_000 : 1) });
    expect(tail.lines()).toHaveLength(500);
    expect(tail.lines()[0]).toMatchObject({ n: 2_000, text: "x".repeat(2_000) });
  });

  test.each([
    ["mqtt://vigie:s3same@broker:1883 refused", "mqtt://…@broker:1883 refused"],
    ["401 for Authorization: Token abc.DEF-1", "401 for Authorization: …"],
    ['answer {"token":"abc","n":1}', 'answer {"token":"…","n":1}'],
    ["https://x/y?api_key=abc&z=1", "https://x/y?api_key=…&z=1"],
    ["the token is missing", "the token is missing"],
  ])("a secret that a library put into its message is cut out: %s", (said, shown) => {
    expect(withoutSecrets(said)).toBe(shown);
  });
});
