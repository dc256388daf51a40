import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { z } from "zod";
import { fromHere, isLoopback } from "../core/address.ts";

const answer = z.object({
  log: z.string(),
  readings: z.string(),
  /** Points of machines, and how many of them have a good value now. Versions before 0.2 do not say. */
  points: z.object({ of: z.int(), good: z.int() }).optional(),
});

export interface Health extends z.infer<typeof answer> {
  well: boolean;
}

/** What the gateway on this machine says of itself on `/healthz`; undefined when nobody answers like one. */
export async function askHealth(web: { host: string; port: number }, within = 3_000): Promise<Health | undefined> {
  const secure = !isLoopback(web.host);
  const host = fromHere(web.host);
  try {
    const { status, text } = await fetched(secure, host, web.port, within);
    return { well: status === 200, ...answer.parse(JSON.parse(text)) };
  } catch {
    // Nobody there, somebody else there, or no answer in time: all the same to whoever asks.
    return undefined;
  }
}

function fetched(secure: boolean, host: string, port: number, within: number) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    // The certificate is the box's own and we ask ourselves: nothing secret goes over this line.
    const options = { host, port, path: "/healthz", timeout: within, rejectUnauthorized: false, servername: "" };
    const request = (secure ? httpsGet : httpGet)(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > 10_000) request.destroy();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("close", () => reject(new Error("cut off")));
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
  });
}
