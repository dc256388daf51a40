import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import type { RunningGateway } from "../gateway.ts";

const PASSWORD = "un cheval mange du foin";

/** Somebody with an account: one connection that is kept, over HTTPS, and the box's own authority to know it by. */
export class Guest {
  readonly #gateway: RunningGateway;
  readonly #port: number;
  readonly #ca: Buffer;
  readonly #agent: Agent;
  cookie = "";

  constructor(gateway: RunningGateway) {
    this.#gateway = gateway;
    this.#port = Number(new URL(gateway.url).port);
    this.#ca = readFileSync(join(gateway.data, "tls", "ca.crt"));
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca: this.#ca });
  }

  /** The same person at another computer, with nothing open yet. */
  elsewhere(): Guest {
    const other = new Guest(this.#gateway);
    other.cookie = this.cookie;
    return other;
  }

  /** The first account of the box, with the code that it has printed. */
  async setUp(output: string): Promise<void> {
    const code = /(?:once|fois) ?: (\S+)/.exec(output)?.[1];
    await this.post("/api/v1/setup", { code, name: "claire", password: PASSWORD });
  }

  async invite(name: string): Promise<void> {
    await this.post("/api/v1/users", { name, role: "viewer", password: PASSWORD });
  }

  async signIn(name: string): Promise<void> {
    await this.post("/api/v1/session", { name, password: PASSWORD });
  }

  async get(path: string): Promise<string> {
    return body(await this.#ask("GET", path));
  }

  async post(path: string, what: unknown): Promise<string> {
    const answer = await this.#ask("POST", path, JSON.stringify(what));
    this.cookie = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? this.cookie;
    return body(answer);
  }

  /** The live page: how long it has been without news at most, and whether it is still open. */
  async watch(): Promise<Beats> {
    const answer = await this.#ask("GET", "/api/v1/events", undefined, new Agent({ ca: this.#ca }));
    if (answer.statusCode !== 200) throw new Error(`the live page: ${answer.statusCode}`);
    const beats = new Beats();
    answer.on("data", (chunk: Buffer) => {
      if (chunk.includes("event: state")) beats.beat();
    });
    answer.on("error", () => undefined);
    answer.once("close", () => beats.end());
    return beats;
  }

  leave(): void {
    this.#agent.destroy();
  }

  #ask(method: string, path: string, body?: string, agent = this.#agent): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { cookie: this.cookie, ...(body && { "content-type": "application/json" }) };
      const asked = request({ host: "127.0.0.1", port: this.#port, path, method, headers, agent }, resolve);
      asked.on("error", reject);
      asked.end(body);
    });
  }
}

async function body(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  if ((answer.statusCode ?? 500) >= 300) throw new Error(`${answer.statusCode} ${text}`);
  return text;
}

/** Something that ought to come again and again. */
export class Beats {
  #longest = 0;
  #last = performance.now();
  ended = false;

  beat(): void {
    this.#longest = this.gap;
    this.#last = performance.now();
  }

  end(): void {
    this.ended = true;
  }

  /** The longest time between two, or since the last one. */
  get gap(): number {
    return Math.max(this.#longest, performance.now() - this.#last);
  }
}
