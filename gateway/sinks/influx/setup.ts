import { z } from "zod";
import { ask, isCertificate } from "../../ask.ts";
import { shownAddress } from "../../core/address.ts";
import { type Text, Told } from "../../core/text.ts";
import { type Ms, SECOND } from "../../core/time.ts";

export interface Setup {
  url: string;
  token: string;
  org: string;
  bucket: string;
  /** 0: for ever. */
  retention: Ms;
  /** Of the server, in PEM, where the machine does not know it. */
  ca?: string | undefined;
}

const orgs = z.object({ orgs: z.array(z.object({ id: z.string(), name: z.string() })).default([]) });
const bucket = z.object({
  id: z.string(),
  name: z.string(),
  retentionRules: z.array(z.object({ everySeconds: z.number() })).default([]),
});
const buckets = z.object({ buckets: z.array(bucket).default([]) });
const mappings = z.object({ content: z.array(z.object({ bucketID: z.string(), database: z.string() })).default([]) });

/** A step that was done, or was done before. */
export interface Done {
  what: "bucket" | "retention" | "mapping";
  changed: boolean;
}

/** InfluxDB said no, in words for a person. */
export class SetupRefused extends Told {}

/**
 * Makes what the gateway needs in InfluxDB 2: the bucket, how long it keeps, and the mapping through which InfluxQL finds it
 * as a database. Running it again changes nothing.
 */
export async function setUp({ url, token, org, bucket: name, retention, ca }: Setup): Promise<Done[]> {
  const where = shownAddress(url);
  const call = caller({ url, token, ca });
  const { orgs: found } = orgs.parse(await call("GET", `/api/v2/orgs?${new URLSearchParams({ org })}`));
  const orgID = found.find((one) => one.name === org)?.id;
  if (!orgID)
    throw new SetupRefused({
      fr: `${where} n'a pas d'organisation ${org}, ou le jeton n'a pas le droit de la voir`,
      en: `${where} has no organisation ${org}, or the token may not see it`,
    });
  const rules = retention > 0 ? [{ type: "expire", everySeconds: Math.round(retention / 1_000) }] : [];
  const known = buckets
    .parse(await call("GET", `/api/v2/buckets?${new URLSearchParams({ orgID, name })}`))
    .buckets.find((one) => one.name === name);
  const id =
    known?.id ?? bucket.parse(await call("POST", "/api/v2/buckets", { orgID, name, retentionRules: rules })).id;
  const done: Done[] = [{ what: "bucket", changed: known === undefined }];
  if (known) {
    const changed = (known.retentionRules[0]?.everySeconds ?? 0) !== (rules[0]?.everySeconds ?? 0);
    if (changed) await call("PATCH", `/api/v2/buckets/${id}`, { retentionRules: rules });
    done.push({ what: "retention", changed });
  }
  const mapped = mappings
    .parse(await call("GET", `/api/v2/dbrps?${new URLSearchParams({ orgID, db: name })}`))
    .content.some((one) => one.bucketID === id && one.database === name);
  if (!mapped)
    await call("POST", "/api/v2/dbrps", {
      orgID,
      bucketID: id,
      database: name,
      retention_policy: "autogen",
      default: true,
    });
  done.push({ what: "mapping", changed: !mapped });
  return done;
}

function caller({ url, token, ca }: Pick<Setup, "url" | "token" | "ca">) {
  const where = shownAddress(url);
  return async (method: string, path: string, body?: object): Promise<unknown> => {
    const { status, text } = await ask(new URL(path, url), {
      method,
      headers: { authorization: `Token ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      timeout: 10 * SECOND,
      ca,
    }).catch((error: unknown) => {
      throw new SetupRefused(unreached(where, error), { cause: error });
    });
    if (status >= 200 && status < 300) return text === "" ? {} : JSON.parse(text);
    if (status === 401)
      throw new SetupRefused({ fr: `${where} n'accepte pas le jeton`, en: `${where} does not accept the token` });
    if (status === 404 && path.startsWith("/api/v2/orgs")) return {};
    const said = `${status}, ${method} ${path.split("?")[0]}: ${text.slice(0, 200)}`;
    throw new SetupRefused({ fr: `${where} répond ${said}`, en: `${where} answers ${said}` });
  };
}

function unreached(where: string, error: unknown): Text {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return isCertificate(code)
    ? {
        fr: `${where} : son certificat n'est pas accepté (${code}), vérifier l'heure, ou donner --ca`,
        en: `${where}: its certificate is not accepted (${code}), check the clock, or give --ca`,
      }
    : { fr: `${where} ne répond pas`, en: `cannot reach ${where}` };
}
