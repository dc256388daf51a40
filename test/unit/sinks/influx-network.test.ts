import dns from "node:dns";
import { writeFileSync } from "node:fs";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import pino from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { type Entry, NotNow } from "../../../gateway/core/log.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { DAY, epochMs, steadyMs } from "../../../gateway/core/time.ts";
import influx from "../../../gateway/sinks/influx.ts";
import { issue, makeAuthority } from "../../../gateway/web/tls/certificate.ts";
import { scriptedInflux } from "../../sim/influx-scripted.ts";
import { temporaryFolder } from "../../sim/store.ts";

function sinkTo(url: string, options: Record<string, unknown> = {}) {
  const meters = new Meters();
  const given = influx.options.parse({ url, token: "t", bucket: "machines", timeout: 1, ...options });
  const sink = influx.create(given, {
    ...{ id: "influx", clock, meters, say: pino({ level: "silent" }), machines: new Map() },
    ...{ points: new Map(), broker: undefined },
    site: { id: "atelier", name: "", timezone: "UTC", language: "fr" },
  });
  return { sink, meters };
}

const entries = (count: number, from = 0): Entry<Reading>[] =>
  Array.from({ length: count }, (_, i) => {
    const seq = from + i + 1;
    const value = Math.round(Math.sin(seq) * 1e4) / 100;
    return {
      seq,
      boot: 7,
      steady: steadyMs(seq),
      tq: "synced",
      item: good("m/s", epochMs(1.77e12 + seq * 1_000), value),
    };
  });

test("a certificate that has expired pauses for a minute and names the clock; one that is right passes", async () => {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  const now = Date.now();
  const authority = makeAuthority("Atelier", ["localhost"], now - 5_000 * DAY);
  const current = makeAuthority("Atelier", ["localhost"], now);
  const folder = temporaryFolder();
  const serve = async (identity: { cert: string; key: string }) => {
    const https = createHttps(identity, (request, response) => {
      request.resume().on("end", () => response.writeHead(204).end());
    });
    await new Promise<void>((ready) => https.listen(0, "127.0.0.1", ready));
    onTestFinished(() => void https.close());
    return `https://localhost:${(https.address() as AddressInfo).port}`;
  };
  const ca = join(folder, "ca.pem");
  const sending = async (by: typeof authority, at: number, trusted = by) => {
    const { cert, key } = issue(by, "Atelier", ["localhost"], at);
    writeFileSync(ca, trusted.cert);
    const { sink, meters } = sinkTo(await serve({ cert, key }), { ca });
    const error = await Promise.resolve(sink.apply(entries(3), "live")).catch((e: unknown) => e);
    return { error, care: meters.sum("sink_needs_care") };
  };
  const expired = await sending(authority, now - 4_900 * DAY);
  expect(expired.error).toBeInstanceOf(NotNow);
  expect(expired.error).toMatchObject({
    after: 60_000,
    message: expect.stringMatching(
      /its certificate is not accepted \(CERT_HAS_EXPIRED\): check the clock, or give `ca`/,
    ),
  });
  expect(expired.care).toBe(495);
  const unknown = await sending(makeAuthority("Autre", ["localhost"], now), now, current);
  expect(unknown.error).toMatchObject({
    after: 60_000,
    message: expect.stringMatching(/its certificate is not accepted/),
  });
  expect(await sending(current, now)).toEqual({ error: undefined, care: 0 });
});

test("a name service that takes its time is given up after the time-out, and readings go once it is quick", async () => {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  const { sink } = sinkTo(server.url.replace("127.0.0.1", "influx.atelier"));
  const real = dns.lookup;
  let slowMs = 5_000;
  const lookup = vi
    .spyOn(dns, "lookup")
    .mockImplementation(
      ((
        _name: string,
        options: dns.LookupOptions,
        answer: (error: NodeJS.ErrnoException | null, address: string | dns.LookupAddress[], family?: number) => void,
      ) => void setTimeout(() => real("127.0.0.1", options, answer), slowMs).unref()) as typeof dns.lookup,
    );
  onTestFinished(() => lookup.mockRestore());
  const started = performance.now();
  await expect(sink.apply(entries(5), "live")).rejects.toThrow(/cannot reach InfluxDB at http:\/\/influx\.atelier/);
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(lookup).toHaveBeenCalled();
  slowMs = 100;
  await sink.apply(entries(5), "live");
  expect(server.points.size).toBe(5);
});

test("a name that cannot be found is said so, and tried again", async () => {
  const { sink } = sinkTo("http://no-such-box.invalid:8086");
  await expect(sink.apply(entries(1), "live")).rejects.toThrow(
    /cannot reach InfluxDB at .*invalid.* \((ENOTFOUND|EAI_AGAIN)\)/,
  );
});

test("over a line of 32 kbit/s everything arrives, once, in pieces that fit the time-out", async () => {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  const { sink } = sinkTo(await slowLine(new URL(server.url).port, 4_000));
  const batch = entries(1_500);
  let tries = 1;
  for (; tries < 20; tries++) {
    const delivered = await Promise.resolve(sink.apply(batch, "live")).then(
      () => true,
      (error: Error) => {
        expect(error.message).toMatch(/cannot reach InfluxDB/);
        return false;
      },
    );
    if (delivered) break;
  }
  expect(server.points.size).toBe(1_500);
  // In one piece it would never fit; once a piece does, nothing of it is sent again.
  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThan(8);
  expect(server.writes.reduce((sum, { lines }) => sum + lines.length, 0)).toBeLessThanOrEqual(3 * 1_500);
});

/** A line that carries so many bytes a second each way, and no more than that waits in it. */
async function slowLine(port: string, bytesPerSecond: number): Promise<string> {
  const open = new Set<Socket>();
  const carry = (from: Socket, to: Socket) => {
    let busyUntil = performance.now();
    from.on("data", (chunk) => {
      const now = performance.now();
      busyUntil = Math.max(now, busyUntil) + (chunk.length / bytesPerSecond) * 1_000;
      if (busyUntil - now > 100) from.pause();
      setTimeout(() => {
        to.write(chunk);
        from.resume();
      }, busyUntil - now);
    });
    from.on("close", () => to.destroy());
    from.on("error", () => to.destroy());
  };
  const line = createServer((near) => {
    const far = connect(Number(port), "127.0.0.1");
    for (const end of [near, far]) open.add(end);
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>((ready) => line.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    for (const end of open) end.destroy();
    line.close();
  });
  return `http://127.0.0.1:${(line.address() as AddressInfo).port}`;
}
