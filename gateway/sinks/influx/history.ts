import { z } from "zod";
import { ask, isCertificate } from "../../ask.ts";
import { Counting } from "../../core/counting.ts";
import { faultCode } from "../../core/fault.ts";
import { type Bucket, type Historian, HistoryAway, type Sample } from "../../core/history.ts";
import { machineOf, type PointId, signalOf } from "../../core/point.ts";
import type { Text } from "../../core/text.ts";
import { DAY, type EpochMs, epochMs, HOUR, MINUTE, type Ms } from "../../core/time.ts";
import { MEASUREMENT } from "./line.ts";
import type { Target } from "./send.ts";

/** What `/query` answers: a table per statement and series. */
const reply = z.object({
  results: z
    .array(
      z.object({
        error: z.string().optional(),
        series: z
          .array(
            z.object({
              columns: z.array(z.string()),
              values: z.array(z.array(z.union([z.number(), z.string(), z.null()]))),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
  error: z.string().optional(),
});

type Row = Record<string, number | string | null>;

const MOST_BUCKETS = 2_000;
const WINDOW: Ms = HOUR;
const QUARTER: Ms = 15 * MINUTE;

/** The past as InfluxDB holds it, asked in InfluxQL: the one language that 1.x, 2.x and 3.x share. */
export function influxHistory(site: string, target: Target): Historian {
  const rowsFor = (q: string) => rowsOf(target, q);
  return {
    async range(point, from, to, buckets) {
      if (!(to > from) || !(buckets >= 1))
        throw new RangeError("a range needs an end after its start, and at least one bucket");
      const width = Math.ceil((to - from) / Math.min(MOST_BUCKETS, Math.floor(buckets)));
      const group = `GROUP BY time(${width}ms, ${from % width}ms) fill(none)`;
      const [rows = [], causes = []] = await rowsFor(
        `SELECT min(value), mean(value), max(value), count(value), count(quality) AS total ${where(point, from, to)} ${group};` +
          `SELECT mode(why) AS why ${where(point, from, to)} AND quality = 'bad' ${group}`,
      );
      const at = new Map(rows.map((row) => [Number(row.time), row]));
      const why = new Map(causes.map((row) => [Number(row.time), row.why]));
      return Array.from({ length: Math.ceil((to - from) / width) }, (_, i) => {
        const t = epochMs(from + i * width);
        return bucketOf(t, at.get(t), why.get(t));
      });
    },
    samples,
    async counted(point, from, to) {
      const counting = new Counting();
      const raw = async (a: number, b: number) => {
        for await (const sample of samples(point, epochMs(a), epochMs(b)))
          if (sample.value !== null) counting.add(sample.t, sample.value);
      };
      if (to - from <= DAY) await raw(from, to);
      else {
        const group = `GROUP BY time(${QUARTER}ms, ${from % QUARTER}ms) fill(none)`;
        const [rows = []] = await rowsFor(
          `SELECT first(value), last(value), min(value), max(value) ${where(point, from, to)} ${group}`,
        );
        for (const row of rows) {
          const [t, first, last] = [Number(row.time), Number(row.first), Number(row.last)];
          // A stretch in which it only rose is known by its ends; one with a drop or a leap must be looked at.
          const rising = row.min === row.first && row.max === row.last;
          if (rising && counting.believes(last - first, QUARTER))
            counting.addStretch(t, QUARTER, { first, last, rise: last - first });
          else await raw(Math.max(from, t), Math.min(to, t + QUARTER));
        }
      }
      return counting.total;
    },
  };

  function where(point: PointId, from: number, to: number): string {
    const tags = { machine: machineOf(point), signal: signalOf(point), site };
    const chosen = Object.entries(tags).map(([name, value]) => `${name} = '${quoted(value)}'`);
    return `FROM ${MEASUREMENT} WHERE ${chosen.join(" AND ")} AND time >= ${Math.ceil(from)}ms AND time < ${Math.ceil(to)}ms`;
  }

  async function* samples(point: PointId, from: EpochMs, to: EpochMs): AsyncIterable<Sample> {
    for (let [at, width] = [from as number, WINDOW]; at < to; ) {
      const until = Math.min(to, at + width);
      const [rows = []] = await rowsFor(`SELECT value, quality, why ${where(point, at, until)}`);
      for (const row of rows) {
        const t = epochMs(Number(row.time));
        const value = typeof row.value === "number" ? row.value : null;
        yield typeof row.why === "string" ? { t, value, why: faultCode(row.why) } : { t, value };
      }
      // Long stretches without anything are crossed faster.
      width = rows.length === 0 ? Math.min(30 * DAY, width * 2) : WINDOW;
      at = until;
    }
  }
}

/** Each statement's rows. Throws `HistoryAway`, whatever the server sent. */
async function rowsOf(target: Target, q: string): Promise<Row[][]> {
  const [db = "", rp] = target.bucket.split("/");
  const query = new URLSearchParams({ db, q, epoch: "ms", ...(rp && { rp }) });
  const { status, text } = await post(target, query).catch((error: unknown) => {
    const code = codeOf(error);
    throw away(target, isCertificate(code) ? stranger : silent, code, error);
  });
  if (status === 401 || status === 403)
    throw away(target, { fr: "n'accepte pas le jeton", en: "does not accept the token" }, `${status}`);
  const read = reply.safeParse(jsonIn(text));
  const failed = read.data?.error ?? read.data?.results?.find(({ error }) => error)?.error;
  if (status >= 300 || failed || !read.data?.results)
    throw away(
      target,
      { fr: "répond autre chose", en: "answers something else" },
      (failed ?? `${status}`).slice(0, 200),
    );
  return read.data.results.map(({ series }) =>
    (series ?? []).flatMap(({ columns, values }) => values.map((row) => rowOf(columns, row))),
  );
}

const post = (target: Target, body: URLSearchParams) =>
  ask(new URL("query", `${target.url.replace(/\/$/, "")}/`), {
    method: "POST",
    headers: { authorization: authorization(target.token), "content-type": "application/x-www-form-urlencoded" },
    body: body.toString(),
    timeout: target.timeout,
    ca: target.ca,
  });

const silent: Text = { fr: "ne répond pas", en: "does not answer" };
const stranger: Text = {
  fr: "montre un certificat qui n'est pas accepté, vérifier ca",
  en: "shows a certificate that is not accepted, check ca",
};

/** The host only: an address may have a password in it. */
function away(target: Target, what: Text, why: string, cause?: unknown): HistoryAway {
  const { host } = new URL(target.url);
  return new HistoryAway(
    {
      fr: `L'historique est demandé à InfluxDB (${host}), qui ${what.fr} (${why}). Les mesures restent gardées ici : sans la clé history: du fichier de site, la passerelle répond elle-même.`,
      en: `The history is asked from InfluxDB (${host}), which ${what.en} (${why}). Readings are kept here all the same: without the key history: in the site file the gateway answers itself.`,
    },
    { cause },
  );
}

/** Undefined for what is none, a login page for one. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why a question got no answer, whatever the server sent. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** InfluxDB 1.x knows users, 2.x and 3.x tokens. */
export const authorization = (token: string): string =>
  token.includes(":") ? `Basic ${Buffer.from(token).toString("base64")}` : `Token ${token}`;

function rowOf(columns: readonly string[], values: readonly (number | string | null)[]): Row {
  return Object.fromEntries(columns.map((column, i) => [column, values[i] ?? null]));
}

function bucketOf(t: EpochMs, row: Row | undefined, why: unknown): Bucket {
  const number = (value: unknown) => (typeof value === "number" ? value : null);
  const count = number(row?.count) ?? 0;
  const bad = (number(row?.total) ?? 0) - count;
  return {
    t,
    min: number(row?.min),
    mean: number(row?.mean),
    max: number(row?.max),
    count,
    bad,
    ...(bad > 0 && typeof why === "string" && { why: faultCode(why) }),
  };
}

const quoted = (text: string) => text.replace(/[\\']/g, "\\$&");
