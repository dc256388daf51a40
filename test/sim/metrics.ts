import type { Series } from "../../gateway/core/meter.ts";

export type Count = Pick<Series, "name" | "labels" | "value">;

/** The text of `/metrics`; with the cookie of somebody who may read it, where the page is not open. */
export async function metricsOf({ url, cookie = "" }: { url: string; cookie?: string }): Promise<string> {
  const answer = await fetch(`${url}/metrics`, { headers: { cookie } });
  if (!answer.ok) throw new Error(`GET /metrics: ${answer.status}`);
  return answer.text();
}

/** Prometheus text as counts again. */
export function counted(text: string): Count[] {
  return [...text.matchAll(/^vigie_(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = "", labels = "", value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(([, key, word = ""]) => [key, word]),
    ),
    value: Number(value),
  }));
}

/** Of all series of that name, or of those with these labels; 0 where there are none. */
export const sumOf = (counts: readonly Count[], name: string, labels: Readonly<Record<string, string>> = {}): number =>
  counts
    .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);
