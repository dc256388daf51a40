import { randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Role } from "../../core/api.ts";
import type { Clock } from "../../core/time.ts";
import { HOUR } from "../../core/time.ts";
import type { WebParts } from "../parts.ts";
import { Accounts } from "./accounts.ts";
import { Audit } from "./audit.ts";
import type { Visitor } from "./roles.ts";
import { Sessions } from "./sessions.ts";
import { Throttle } from "./throttle.ts";

const CODE_LIVES = HOUR;

/** Everything about who is there: accounts, sessions, and the code that makes the first account. */
export interface People {
  accounts: Accounts;
  sessions: Sessions;
  throttle: Throttle;
  audit: Audit;
  /** Printed once on the console; undefined once there is an account. */
  setupCode: string | undefined;
  /** `wrong` also when it is too late; `closed` once an account exists. */
  trySetup(code: string): "right" | "wrong" | "closed";
  whoIs(request: FastifyRequest): Visitor | undefined;
  /** Opens a session and gives it to the browser. */
  welcome(request: FastifyRequest, reply: FastifyReply, name: string, role: Role): Promise<void>;
  /** Takes the session away from the browser. */
  farewell(reply: FastifyReply): void;
}

export async function openPeople(parts: WebParts, secure: boolean): Promise<People> {
  const { settings, clock, cells, site } = parts;
  const accounts = await Accounts.load(cells, [site.id, site.name, ...parts.machines.keys()]);
  const sessions = await Sessions.load(cells);
  const audit = await Audit.open(parts);
  const setup = new Setup(clock, accounts.empty && !settings.open);
  const cookie = secure ? "__Host-vigie" : "vigie";
  const attributes = { path: "/", httpOnly: true, secure, sameSite: "strict" } as const;
  return {
    accounts,
    sessions,
    throttle: new Throttle(),
    audit,
    setupCode: setup.code,
    trySetup: (code) => (accounts.empty && !settings.open ? setup.try(code) : "closed"),
    whoIs: (request) => {
      if (settings.open) return { name: "local", role: "admin" };
      const token = request.cookies[cookie];
      const session = token === undefined ? undefined : sessions.find(token, clock.now());
      if (!session) return undefined;
      if (session.role === "wall") return { name: session.name, role: "wall", session: session.id };
      const account = accounts.get(session.name);
      // The role is the account's, as it is now.
      return account && !account.disabled ? { name: account.name, role: account.role, session: session.id } : undefined;
    },
    welcome: async (request, reply, name, role) => {
      const agent = (request.headers["user-agent"] ?? "").slice(0, 200);
      const token = await sessions.open({ name, role, address: request.ip, agent }, clock.now());
      reply.setCookie(cookie, token, { ...attributes, maxAge: role === "wall" ? 5 * 365 * 86_400 : 7 * 86_400 });
    },
    farewell: (reply) => {
      reply.clearCookie(cookie, attributes);
    },
  };
}

/** The code that makes the first account: 128 random bits, good for an hour, good for one account. */
class Setup {
  readonly code: string | undefined;
  readonly #clock: Clock;
  readonly #until: number;
  #used = false;

  constructor(clock: Clock, needed: boolean) {
    this.#clock = clock;
    this.#until = clock.monotonic() + CODE_LIVES;
    this.code = needed ? readable(randomBytes(16)) : undefined;
  }

  try(given: string): "right" | "wrong" {
    const code = Buffer.from(plain(this.code ?? ""));
    const said = Buffer.from(plain(given));
    const fits = code.length > 0 && code.length === said.length && timingSafeEqual(code, said);
    if (!fits || this.#used || this.#clock.monotonic() > this.#until) return "wrong";
    this.#used = true;
    return "right";
  }
}

/** Without letters that look alike, in groups, so that it can be copied from a screen: `K7QF-…`. */
function readable(bytes: Uint8Array): string {
  const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const text = (bits.match(/.{1,5}/g) ?? []).map((five) => letters[Number.parseInt(five, 2)]).join("");
  return (text.match(/.{1,4}/g) ?? []).join("-");
}

const plain = (code: string): string => code.toUpperCase().replace(/[^A-Z0-9]/g, "");
