import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { eventually, type RunningGateway } from "../sim/gateway.ts";

/** The demonstration workshop, closed: an account is needed. */
export function closedSite(): string {
  const file = parseDocument(readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8"));
  file.delete("web");
  const path = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  writeFileSync(path, String(file));
  return path;
}

/** Lets the gateway's ledger be read as somebody who has an account. */
export async function readLedgerAs(gateway: RunningGateway, name: string, password: string): Promise<void> {
  const answer = await fetch(`${gateway.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, password }),
  });
  gateway.cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** The code for the first account, as the console shows it. */
export const setupCode = ({ output }: RunningGateway): Promise<string> =>
  eventually(
    () => {
      const line = output()
        .split("\n")
        .find((one) => /code/i.test(one));
      return /\b([A-Za-z0-9_-]{20,}|[0-9A-Z]{4,}(-[0-9A-Z]{4,})+)\b/.exec(line ?? "")?.[0];
    },
    10_000,
    output,
  );
