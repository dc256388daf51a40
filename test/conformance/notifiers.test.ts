import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { AlarmEvent } from "../../gateway/core/alarm.ts";
import { loadPlugins } from "../../gateway/plugin.ts";
import { alarm, context, event } from "../unit/notifiers/desk.ts";
import { message } from "../unit/notifiers/message.ts";

/** What every channel must do, whatever it carries to. A file in gateway/notifiers/ without a line here fails the suite. */
const examples: Readonly<Record<string, object>> = {
  email: { host: "127.0.0.1", port: 9, from: "vigie@nord.example" },
  log: {},
  mqtt: { url: "mqtt://127.0.0.1:9" },
  ntfy: { url: "http://127.0.0.1:9/" },
  sms: { port: "/dev/no-such-modem" },
  stacklight: { red: "lamp" },
  webhook: { url: "http://127.0.0.1:9/", what: "all" },
  "web-push": { contact: "mailto:maintenance@nord.example" },
};

/** Reach nothing outside, so there is nobody who could be away. */
const alwaysThere: ReadonlySet<string> = new Set(["log"]);

const { notifiers } = await loadPlugins();
const broken = { id: "lamp", write: () => Promise.reject(new Error("no answer")) };
const made = (type: string) => {
  const plugin = notifiers.get(type);
  if (!plugin) throw new Error(`no notifier ${type}`);
  return plugin.create(plugin.options.parse(examples[type]), context({ outputs: new Map([["lamp", broken]]) }));
};
const hard: AlarmEvent = event({ alarm: alarm({ text: { fr: "é\u0000\n<b>\"'`{{x}}", en: "x".repeat(5_000) } }) });

test("every file of gateway/notifiers has an example here", () => {
  const files = readdirSync(join(import.meta.dirname, "../../gateway/notifiers")).filter((f) => f.endsWith(".ts"));
  expect(files.map((f) => f.replace(/\.ts$/, "")).sort()).toEqual(Object.keys(examples).sort());
});

describe.each(Object.keys(examples))("%s", (type) => {
  test("refuses an option that it does not know, by its name", () => {
    const result = notifiers.get(type)?.options.safeParse({ ...examples[type], no_such_option: 1 });
    expect(result?.success).toBe(false);
    expect(z.prettifyError(result?.error ?? new z.ZodError([]))).toContain("no_such_option");
  });

  test("opens nothing when it is made, carries its name, and closes", async () => {
    const notifier = made(type);
    expect(notifier.name).toBe("canal");
    expect(notifier.notify ?? notifier.deliver).toBeDefined();
    await notifier.close?.();
  });

  test("a far end that is away is a rejection in words, never a message taken for sent", async () => {
    if (alwaysThere.has(type)) return;
    const notifier = made(type);
    const signal = AbortSignal.timeout(3_000);
    const tries = [notifier.notify?.(event(), signal), notifier.deliver?.(message(), signal)].filter(
      (t) => t !== undefined,
    );
    for (const tried of tries) await expect(tried).rejects.toThrow(/\w/);
    await notifier.close?.();
  });

  test("an end of patience is heeded", async () => {
    if (alwaysThere.has(type)) return;
    const notifier = made(type);
    const over = AbortSignal.abort(new Error("enough"));
    const began = performance.now();
    for (const tried of [notifier.notify?.(event(), over), notifier.deliver?.(message(), over)])
      if (tried) await expect(tried).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(2_000);
    await notifier.close?.();
  });

  test("what nobody is to be told of, and words from hell, throw nothing but refusals", async () => {
    const notifier = made(type);
    await notifier
      .notify?.(event({ annunciated: false, to: "acked" }), AbortSignal.timeout(1_000))
      .catch(() => undefined);
    await notifier.notify?.(hard, AbortSignal.timeout(1_000)).catch((error) => expect(error).toBeInstanceOf(Error));
    await notifier.close?.();
  });
});
