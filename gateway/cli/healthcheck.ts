import { parseArgs } from "node:util";

export const summary = {
  fr: "demande à une passerelle sur cette machine si elle va bien (pour Docker)",
  en: "asks a gateway on this machine whether it is well (for Docker)",
};

/** Exit code 0 when `/healthz` answers 200 within 4 s. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { port: { type: "string", default: "8080" } } });
  try {
    const answer = await fetch(`http://127.0.0.1:${values.port}/healthz`, { signal: AbortSignal.timeout(4_000) });
    console.log(await answer.text());
    return answer.ok ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
