import type { Meters, Series } from "../core/meter.ts";

/** Everything that is counted, as Prometheus reads it. */
export function prometheusText(meters: Meters): string {
  const byName = new Map<string, Series[]>();
  for (const series of meters.all()) {
    const same = byName.get(series.name) ?? [];
    same.push(series);
    byName.set(series.name, same);
  }
  return [...byName].map(([name, all]) => family(`vigie_${name}`, all)).join("");
}

function family(name: string, all: readonly Series[]): string {
  const [first] = all;
  const head = `# HELP ${name} ${escaped(first?.help ?? "").replaceAll('\\"', '"')}\n# TYPE ${name} ${first?.kind ?? "gauge"}\n`;
  return head + all.map((series) => `${name}${labels(series)} ${number(series.value)}\n`).join("");
}

function labels({ labels }: Series): string {
  const all = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return all.length > 0 ? `{${all.join(",")}}` : "";
}

const escaped = (words: string): string =>
  words.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

const number = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
};
