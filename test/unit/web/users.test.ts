import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import type { Clock } from "../../../gateway/core/time.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { readChain } from "../../../gateway/web/access/audit.ts";
import { hashPassword, verifyPassword, weakness } from "../../../gateway/web/access/passwords.ts";
import { Throttle } from "../../../gateway/web/access/throttle.ts";
import { anAlarm, type World, world } from "./world.ts";

const PASSWORD = "un cheval mange du foin";

let w: World;
const time = { ahead: 0 };
const moving: Clock = {
  now: () => epochMs(clock.now() + time.ahead),
  monotonic: () => clock.monotonic() + time.ahead,
  sleep: clock.sleep,
};

beforeEach(async () => {
  time.ahead = 0;
  w = await world({ open: false }, { clock: moving });
});
afterEach(() => w.web.close());

/** A browser: keeps its cookie, says where its requests come from. */
class Browser {
  cookie = "";
  raw = "";
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(w.api(path), {
      method,
      headers: {
        ...(this.cookie && { cookie: this.cookie }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const set = response.headers.get("set-cookie");
    if (set) {
      this.raw = set;
      this.cookie = set.split(";")[0] ?? "";
    }
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers, text };
  }
  get = (path: string) => this.ask("GET", path);
  post = (path: string, body?: unknown) => this.ask("POST", path, body);
  signIn = (name: string, password = PASSWORD) => this.post("/session", { name, password });
}

const admin = async (): Promise<Browser> => {
  const browser = new Browser();
  const { status } = await browser.post("/setup", { code: w.web.setupCode, name: "Claire", password: PASSWORD });
  expect(status).toBe(200);
  return browser;
};

const person = async (boss: Browser, name: string, role: string): Promise<Browser> => {
  expect((await boss.post("/users", { name, role, password: PASSWORD })).status).toBe(201);
  const browser = new Browser();
  expect((await browser.signIn(name)).status).toBe(200);
  return browser;
};

describe("first start", () => {
  test("no account exists: everything that shows something is refused", async () => {
    const stranger = new Browser();
    for (const path of ["/machines", "/points", "/alarms", "/devices", "/users", "/events"])
      expect([path, (await stranger.get(path)).status]).toEqual([path, 401]);
    expect((await stranger.get("/session")).body).toMatchObject({ user: null, setup: true, open: false });
  });

  test("the code of the console makes the first account, once", async () => {
    expect(w.web.setupCode?.replaceAll("-", "").length).toBe(26);
    const first = await admin();
    expect((await first.get("/session")).body).toMatchObject({ user: "Claire", role: "admin", setup: false });
    const second = await new Browser().post("/setup", { code: w.web.setupCode, name: "Eve", password: PASSWORD });
    expect(second.status).toBe(409);
  });

  test("a wrong code is refused, and so is the right one after its hour", async () => {
    const body = { code: "AAAA-AAAA", name: "Eve", password: PASSWORD };
    expect((await new Browser().post("/setup", body)).status).toBe(403);
    time.ahead = 3_601_000;
    expect((await new Browser().post("/setup", { ...body, code: w.web.setupCode })).status).toBe(403);
  });
});

describe("passwords", () => {
  test.each([
    ["short", "elevenchars"],
    ["digits in order", "123456789012"],
    ["one letter", "aaaaaaaaaaaaaaaa"],
    ["a keyboard row", "azertyuiop12"],
    ["the commonest word, twice", "passwordpassword"],
    ["a common word with a year", "motdepasse2026"],
    ["own name and digits", "claire12345678"],
    ["too long", "x1".repeat(200)],
  ])("%s is refused: %s", (_, password) => expect(weakness(password, ["Claire"])).toBeDefined());

  test.each([
    PASSWORD,
    "Xk3!a9Qz_w2p",
    "la-poulie-du-tour-couine",
    "établi bien rangé",
    "quand la courroie patine le moteur chauffe et la facture monte, comme toujours le vendredi",
  ])("%s will do: length counts, not signs", (password) => expect(weakness(password, ["Claire"])).toBeUndefined());

  test("a hash is slow, salted, and never the password", async () => {
    const from = performance.now();
    const one = await hashPassword(PASSWORD);
    const took = performance.now() - from;
    console.info(`scrypt: ${took.toFixed(0)} ms`);
    expect(took).toBeGreaterThan(20);
    expect(one).not.toBe(await hashPassword(PASSWORD));
    expect(await verifyPassword(PASSWORD, one)).toBe(true);
    expect(await verifyPassword(`${PASSWORD} `, one)).toBe(false);
  });

  test("neither disk nor list ever holds one", async () => {
    const boss = await admin();
    await person(boss, "Paul", "viewer");
    expect(w.cells.dump()).not.toContain(PASSWORD);
    expect((await boss.get("/users")).text).not.toContain("scrypt");
    expect(readFileSync(join(w.folder, "audit", "audit.jsonl"), "utf8")).not.toContain(PASSWORD);
  });
});

describe("signing in", () => {
  test("a wrong name and a wrong password look the same, and take the same time", async () => {
    await admin();
    const took = async (name: string) => {
      const from = performance.now();
      const { status, text } = await new Browser().signIn(name, "not the right one");
      return { status, text, ms: performance.now() - from };
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let i = 0; i < 8; i++) {
      const a = await took("Claire");
      const b = await took(`nobody-${i}`);
      expect([a.status, a.text]).toEqual([b.status, b.text]);
      known.push(a.ms);
      unknown.push(b.ms);
    }
    const middle = (all: number[]) => all.sort((a, b) => a - b)[4] ?? 0;
    expect(Math.abs(middle(known) - middle(unknown))).toBeLessThan(0.5 * middle(known));
  });

  test("a thousand tries: at most twenty are looked at in an hour, and the owner still comes in from elsewhere", () => {
    const throttle = new Throttle();
    let looked = 0;
    for (let i = 0; i < 1_000; i++) if (throttle.take("claire", "192.168.1.66", i * 3_600) === 0) looked += 1;
    expect(looked).toBeLessThanOrEqual(20);
    expect(throttle.take("claire", "192.168.1.10", 3_600_000)).toBe(0);
    expect(throttle.take("claire", "192.168.1.66", 3_600_000 + 400_000)).toBe(0);
  });

  test("the eleventh try in a row has to wait, and the answer says how long", async () => {
    await admin();
    for (let i = 0; i < 10; i++) expect((await new Browser().signIn("Claire", "wrong wrong wrong")).status).toBe(401);
    const refused = await new Browser().signIn("Claire");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(60);
    time.ahead = 7 * 60_000;
    expect((await new Browser().signIn("Claire")).status).toBe(200);
  });

  test("the cookie cannot be read by scripts nor sent by other sites, and every sign-in brings a new one", async () => {
    const boss = await admin();
    // Plain HTTP, on loopback only: a browser would not keep a cookie that is Secure or called __Host-.
    expect(boss.raw).toMatch(/^vigie=[\w-]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
    const before = boss.cookie;
    await boss.signIn("Claire");
    expect(boss.cookie).not.toBe(before);
    const old = new Browser();
    old.cookie = before;
    expect((await old.get("/machines")).status).toBe(401);
    expect((before.split("=")[1] ?? "").length).toBeGreaterThanOrEqual(43);
  });

  test("signing out ends the session on the server", async () => {
    const boss = await admin();
    const copy = boss.cookie;
    expect((await boss.ask("DELETE", "/session")).status).toBe(204);
    boss.cookie = copy;
    expect((await boss.get("/machines")).status).toBe(401);
  });

  test("a session ends unused after twelve hours, and in any case after a week", async () => {
    const boss = await admin();
    time.ahead = 11 * 3_600_000;
    expect((await boss.get("/machines")).status).toBe(200);
    time.ahead += 13 * 3_600_000;
    expect((await boss.get("/machines")).status).toBe(401);
    await boss.signIn("Claire");
    for (let hour = 0; hour < 7 * 24; hour += 8) {
      expect((await boss.get("/machines")).status).toBe(200);
      time.ahead += 8 * 3_600_000;
    }
    time.ahead += 3_600_000;
    expect((await boss.get("/machines")).status).toBe(401);
  });

  test("a new password, a new role, being switched off: each ends what was open", async () => {
    const boss = await admin();
    const paul = await person(boss, "Paul", "maintenance");
    expect((await paul.get("/sessions")).body).toMatchObject([{ name: "Paul", current: true }]);
    for (const change of [{ role: "viewer" }, { password: "une autre phrase entière" }, { disabled: true }]) {
      expect((await paul.get("/machines")).status).toBe(200);
      expect((await boss.ask("PATCH", "/users/Paul", change)).status).toBe(200);
      expect((await paul.get("/machines")).status).toBe(401);
      await paul.signIn("Paul", "password" in change ? change.password : PASSWORD);
    }
    expect((await paul.signIn("Paul", "une autre phrase entière")).status).toBe(401);
  });

  test("one's own password: the old one is asked for, and the other sessions end", async () => {
    const boss = await admin();
    const phone = new Browser();
    await phone.signIn("claire");
    expect((await boss.post("/password", { old: "wrong", new: "encore une longue phrase" })).status).toBe(403);
    expect((await boss.post("/password", { old: PASSWORD, new: "passwordpassword" })).status).toBe(422);
    expect((await boss.post("/password", { old: PASSWORD, new: "encore une longue phrase" })).status).toBe(204);
    expect((await boss.get("/machines")).status).toBe(200);
    expect((await phone.get("/machines")).status).toBe(401);
  });

  test("the last administrator stays one", async () => {
    const boss = await admin();
    expect((await boss.ask("PATCH", "/users/Claire", { role: "viewer" })).status).toBe(409);
    expect((await boss.ask("DELETE", "/users/Claire")).status).toBe(409);
  });

  test("a wall screen looks and does nothing else; its link works once", async () => {
    const boss = await admin();
    w.alarms.all.set("a1", anAlarm("a1"));
    const { token } = (await boss.post("/walls", { name: "hall" })).body;
    const wall = new Browser();
    expect((await wall.post("/session/wall", { token })).body).toMatchObject({ role: "wall" });
    expect((await new Browser().post("/session/wall", { token })).status).toBe(403);
    expect((await wall.get("/points")).status).toBe(200);
    expect((await wall.post("/alarms/a1/ack")).status).toBe(403);
    expect((await wall.get("/users")).status).toBe(403);
    const [screen] = (await boss.get("/walls")).body;
    expect((await boss.ask("DELETE", `/sessions/${screen.id}`)).status).toBe(204);
    expect((await wall.get("/points")).status).toBe(401);
  });
});

describe("the audit list", () => {
  test("says who came, was refused, changed what, each line bound to the one before", async () => {
    const boss = await admin();
    const paul = await person(boss, "Paul", "viewer");
    await new Browser().signIn("Paul", "wrong wrong wrong");
    await paul.get("/users");
    w.alarms.all.set("a1", anAlarm("a1"));
    await boss.post("/alarms/a1/ack");
    await paul.ask("DELETE", "/session");
    const lines = (await boss.get("/audit")).body.reverse();
    expect(lines.map((l: { what: string; who: string }) => `${l.who}: ${l.what}`)).toEqual([
      "Claire: setup",
      "Claire: user-created",
      "Paul: sign-in",
      "Paul: sign-in-refused",
      "Paul: refused",
      "Claire: alarm-ack",
      "Paul: sign-out",
    ]);
    const text = readFileSync(join(w.folder, "audit", "audit.jsonl"), "utf8");
    expect(readChain(text)).toMatchObject({ lines: { length: 7 } });
    expect(readChain(text).broken).toBeUndefined();
  });

  test("a line that was changed, taken out or cut off is noticed", async () => {
    const boss = await admin();
    await person(boss, "Paul", "viewer");
    const text = readFileSync(join(w.folder, "audit", "audit.jsonl"), "utf8");
    const rows = text.split("\n");
    expect(readChain(text.replace("Paul: viewer", "Paul: admin ")).broken).toMatch(/line 2/);
    expect(readChain([rows[0], rows[2], ""].join("\n")).broken).toMatch(/line 2/);
    expect(readChain(text.slice(0, -20)).broken).toMatch(/line 3/);
  });

  test("a name with line breaks stays one line", async () => {
    await admin();
    await new Browser().signIn('x"}\n{"who":"Claire\u001b[31m', "wrong wrong wrong");
    const text = readFileSync(join(w.folder, "audit", "audit.jsonl"), "utf8");
    expect(text.trim().split("\n")).toHaveLength(2);
    expect(text).not.toContain("\u001b");
  });
});
