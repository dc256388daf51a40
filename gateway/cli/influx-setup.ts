import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { parseDuration } from "../core/time.ts";
import { type Done, setUp } from "../sinks/influx/setup.ts";

export const summary = {
  fr: "prépare InfluxDB 2 : bucket, durée de garde, accès InfluxQL",
  en: "prepares InfluxDB 2: bucket, retention, InfluxQL access",
};

export const usage = {
  fr: "Usage : INFLUX_TOKEN=… vigie influx-setup --url http://hôte:8086 --org ORG --bucket BUCKET [--retention 365d] [--ca FICHIER]",
  en: "Usage: INFLUX_TOKEN=… vigie influx-setup --url http://host:8086 --org ORG --bucket BUCKET [--retention 365d] [--ca FILE]",
};

const words = {
  bucket: { fr: "bucket", en: "bucket" },
  retention: { fr: "durée de garde", en: "retention" },
  mapping: { fr: "accès InfluxQL", en: "InfluxQL access" },
} as const satisfies Record<Done["what"], unknown>;

/** The token comes from the environment, because a command line is seen by everybody on the machine. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: "string" },
      org: { type: "string" },
      bucket: { type: "string" },
      retention: { type: "string" },
      ca: { type: "string" },
    },
  });
  const { url, org, bucket } = values;
  const token = process.env.INFLUX_TOKEN;
  const retention = values.retention === undefined ? 0 : parseDuration(values.retention);
  if (!url || !URL.canParse(url) || !org || !bucket || !token || retention === undefined) {
    console.error(say(usage));
    return 2;
  }
  const ca = values.ca === undefined ? undefined : readFileSync(values.ca, "utf8");
  for (const { what, changed } of await setUp({ url, token, org, bucket, retention, ca }))
    console.log(
      `${say(words[what])}${say({ fr: " : ", en: ": " })}${say(changed ? { fr: "fait", en: "done" } : { fr: "déjà là", en: "was there" })}`,
    );
  return 0;
}
