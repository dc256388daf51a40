import type { HttpError, WriteApi } from "@influxdata/influxdb-client";
import type { Logger } from "pino";
import { isCertificate } from "../../ask.ts";
import { shownAddress } from "../../core/address.ts";
import { NotNow } from "../../core/log.ts";
import type { Meters, Series } from "../../core/meter.ts";
import type { Refusal } from "../../core/refusal.ts";
import { type Clock, HOUR, MINUTE, type Ms, SECOND } from "../../core/time.ts";

export interface Target {
  url: string;
  token: string;
  org: string;
  bucket: string;
  timeout: Ms;
  ca?: string;
}

/** A line that the server will never take, and what it says about it. */
export interface Refused {
  line: string;
  reason: string;
}

/** More refused lines than this in one batch, and none taken: it is not the lines. */
const REFUSED_MOST = 20;
const LONGEST_WAIT: Ms = HOUR;
/** Lines of a request that is not made smaller for a slow line. */
const LEAST = 50;

/**
 * Sends lines once, and says what became of them: nothing is kept here, and nothing is retried, because the log is behind
 * it. The client's own buffers and retries are switched off; they forget.
 */
export class Sender {
  readonly #name: string;
  readonly #say: Logger;
  readonly #target: Target;
  #api: WriteApi | undefined;
  readonly #care: Series;
  readonly #refused: Series;
  readonly #onRefused: (refused: Refused) => void;
  readonly #most: number;
  readonly #clock: Clock;
  /** Lines per request; a server that finds a request too large halves it, success grows it again. */
  #size: number;

  constructor(parts: {
    name: string;
    target: Target;
    most: number;
    clock: Clock;
    say: Logger;
    meters: Meters;
    onRefused(refused: Refused): void;
  }) {
    const { name, target, most, meters } = parts;
    this.#name = name;
    this.#say = parts.say;
    this.#target = target;
    this.#clock = parts.clock;
    this.#most = this.#size = most;
    this.#onRefused = parts.onRefused;
    this.#care = meters.gauge(
      "sink_needs_care",
      "Why a sink waits for somebody to put its settings right: 401 token, 403 its rights, 404 bucket, 400 every line is refused, 495 certificate, 200 a web page answers; else 0",
      { sink: name },
    );
    this.#refused = meters.counter("sink_refused_total", "Lines that a server will never take", { sink: name });
  }

  /** All lines are on the server, or refused for good, when it resolves; `done` hears how many are so far. */
  async send(lines: readonly string[], done: (count: number) => void = () => undefined): Promise<void> {
    for (let at = 0; at < lines.length; ) {
      const part = lines.slice(at, at + this.#size);
      if (await this.#fits(part)) at += part.length;
      done(at);
    }
  }

  /** False when the server finds the request too large: then the next one is smaller. */
  async #fits(lines: readonly string[]): Promise<boolean> {
    const started = this.#clock.monotonic();
    try {
      await this.#request(lines);
    } catch (error) {
      const status = statusOf(error);
      // A slow line does not carry that much within the time-out: the next try is smaller.
      if (isTimeOut(error)) this.#size = Math.max(LEAST, Math.ceil(lines.length / 2));
      if (status === 413 && lines.length > 1) {
        this.#size = Math.ceil(lines.length / 2);
        return false;
      }
      if (status === 400 || status === 422 || status === 413) await this.#sieve(lines, error);
      else throw this.#explain(error);
    }
    this.#care.value = 0;
    if (this.#clock.monotonic() - started < this.#target.timeout / 4)
      this.#size = Math.min(this.#most, this.#size + Math.ceil(this.#size / 8));
    return true;
  }

  async #request(lines: readonly string[]): Promise<void> {
    this.#api ??= await this.#open();
    this.#api.writeRecords([...lines]);
    await this.#api.flush();
  }

  /** The client is 17 MB of memory, so a gateway that never sends does not load it. */
  async #open(): Promise<WriteApi> {
    const { InfluxDB } = await import("@influxdata/influxdb-client");
    const { url, token, timeout, org, bucket, ca } = this.#target;
    const client = new InfluxDB({ url, token, timeout, ...(ca && { transportOptions: { ca } }) });
    return client.getWriteApi(org, bucket, "ns", {
      maxRetries: 0,
      flushInterval: 0,
      batchSize: this.#most + 1,
      maxBatchBytes: 100_000_000,
      gzipThreshold: 1_000,
      // Handing the error on is all that is wanted; without this the client prints it as well.
      writeFailed: (error) => Promise.reject(error),
    });
  }

  /** The server refuses some of these lines. Halves are sent again (the same line twice is one point) until they are found. */
  async #sieve(lines: readonly string[], error: unknown): Promise<void> {
    const found: Refused[] = [];
    let taken = 0;
    const halves: (readonly string[])[] = lines.length === 1 ? [] : halve(lines);
    if (lines.length === 1) found.push({ line: lines[0] ?? "", reason: reasonIn(error) });
    for (let part = halves.pop(); part; part = halves.pop()) {
      try {
        await this.#request(part);
        taken += part.length;
      } catch (again) {
        const status = statusOf(again);
        if (status !== 400 && status !== 422 && status !== 413) throw this.#explain(again);
        if (part.length > 1) halves.push(...halve(part));
        else found.push({ line: part[0] ?? "", reason: reasonIn(again) });
      }
      if (taken === 0 && found.length > REFUSED_MOST)
        throw this.#needsCare(400, `InfluxDB refuses every line (${reasonIn(error)}): check org and bucket`);
    }
    for (const refused of found) {
      this.#refused.value++;
      this.#onRefused(refused);
      this.#say.warn(`${this.#name}: InfluxDB refuses a line (${refused.reason}); it is set aside: ${refused.line}`);
    }
  }

  #explain(error: unknown): Error {
    if (!isAnswer(error)) return this.#network(error);
    const { bucket, org } = this.#target;
    const where = shownAddress(this.#target.url);
    switch (error.statusCode) {
      case 401:
        return this.#needsCare(401, `${where} does not accept the token, check \`token\``);
      case 403:
        return this.#needsCare(
          403,
          `the token may not write to bucket ${bucket}: give it write access, or check \`bucket\``,
        );
      case 404:
        return this.#needsCare(
          404,
          `${where} has no bucket ${bucket}${org && ` in org ${org}`}: make it (vigie influx-setup), or check \`bucket\``,
        );
      case 429:
      case 503:
        return new NotNow(`InfluxDB is busy (${error.statusCode})`, retryAfter(error) ?? 5 * SECOND, { cause: error });
      case 200:
        return this.#needsCare(
          200,
          `${where} answers like a web page, not like InfluxDB: check \`url\` (a login page in between?)`,
        );
      default:
        return new Error(`InfluxDB answers ${error.statusCode}: ${reasonIn(error)}`, { cause: error });
    }
  }

  #network(error: unknown): Error {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const message = error instanceof Error ? error.message : String(error);
    const where = shownAddress(this.#target.url);
    if (isCertificate(code))
      return this.#needsCare(
        495,
        `${where}: its certificate is not accepted (${code || message}): check the clock, or give \`ca\``,
      );
    return new Error(`cannot reach InfluxDB at ${where} (${code || message})`, { cause: error });
  }

  /** A person must do something; asking often does not help. */
  #needsCare(why: Refusal, message: string): NotNow {
    this.#care.value = why;
    return new NotNow(message, MINUTE);
  }
}

const isTimeOut = (error: unknown): boolean =>
  !isAnswer(error) &&
  error instanceof Error &&
  /timed? ?out/i.test(`${"code" in error ? error.code : ""} ${error.message}`);

/** The server has answered, if only with a refusal. */
const isAnswer = (error: unknown): error is HttpError => error instanceof Error && "statusCode" in error;

const statusOf = (error: unknown): number => (isAnswer(error) ? error.statusCode : 0);

function halve<T>(list: readonly T[]): (readonly T[])[] {
  const middle = list.length >> 1;
  return [list.slice(middle), list.slice(0, middle)];
}

function reasonIn(error: unknown): string {
  if (!isAnswer(error)) return String(error);
  const { message, error: words } = (error.json ?? {}) as { message?: unknown; error?: unknown };
  const reason =
    [message, words].find((part) => typeof part === "string") ?? error.body ?? error.statusMessage ?? "no reason given";
  return String(reason).trim().slice(0, 300);
}

/** Retry-After is a number of seconds, or a date. */
function retryAfter(error: HttpError): Ms | undefined {
  const header = error.headers?.["retry-after"];
  if (typeof header !== "string") return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds)
    ? seconds * SECOND
    : Date.parse(header) - Date.parse(String(error.headers?.date ?? ""));
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, LONGEST_WAIT) : undefined;
}
