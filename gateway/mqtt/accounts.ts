import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Cells } from "../core/log.ts";
import { covers, matches } from "./filter.ts";

/** What a client of the broker may do. */
export interface Rights {
  publish: readonly string[];
  subscribe: readonly string[];
}

/** One client of the broker, with a password of its own: one stolen box does not speak for the others. */
export interface MqttAccount extends Rights {
  name: string;
  /** SHA-256 with salt. The password is ours, 160 random bits, so nothing is won by a slow hash, and a flood of wrong ones costs little. */
  hash: string;
  salt: string;
  created: number;
}

const stored: z.ZodType<MqttAccount> = z.object({
  name: z.string(),
  hash: z.string(),
  salt: z.string(),
  created: z.number(),
  publish: z.array(z.string()),
  subscribe: z.array(z.string()),
});

const NAME = /^[a-z0-9_-]{1,48}$/;
const KIND = "mqtt-account";

export class MqttAccounts {
  readonly #cells: Cells;
  readonly #accounts = new Map<string, MqttAccount>();
  readonly #revoked: ((name: string) => void)[] = [];

  private constructor(cells: Cells) {
    this.#cells = cells;
  }

  static async load(cells: Cells): Promise<MqttAccounts> {
    const accounts = new MqttAccounts(cells);
    for (const [name, value] of await cells.load(KIND)) accounts.#accounts.set(name, stored.parse(value));
    return accounts;
  }

  list(): readonly (Rights & { name: string; created: number })[] {
    return [...this.#accounts.values()].map(({ name, created, publish, subscribe }) => ({
      name,
      created,
      publish,
      subscribe,
    }));
  }

  /** Makes a client and tells its password, once. A name that exists gets a new password and new rights. */
  async create(name: string, rights: Rights, now: number): Promise<string> {
    if (!NAME.test(name) || name.startsWith("vigie"))
      throw new Error(`${name}: a name is made of a-z, 0-9, _ and -, and does not begin with vigie`);
    const problem = [...rights.publish, ...rights.subscribe].find((filter) => !soundFilter(filter));
    if (problem !== undefined) throw new Error(`${problem}: a right needs a topic of its own before any + or #`);
    const password = randomBytes(20).toString("base64url");
    const salt = randomBytes(16).toString("base64url");
    const account = { name, salt, hash: digest(password, salt), created: now, ...rights };
    await this.#cells.commit({ cells: [{ kind: KIND, key: name, value: account }] });
    this.#accounts.set(name, account);
    for (const tell of this.#revoked) tell(name);
    return password;
  }

  /** From now on that client is nobody; its connections are closed at once. */
  async revoke(name: string): Promise<boolean> {
    if (!this.#accounts.has(name)) return false;
    await this.#cells.commit({ cells: [{ kind: KIND, key: name, value: null }] });
    this.#accounts.delete(name);
    for (const tell of this.#revoked) tell(name);
    return true;
  }

  /** The same with the rights of a preset; throws on a name that is none. */
  createAs(name: string, preset: string, site: string, now: number): Promise<string> {
    const rights = presetNames.includes(preset) ? presets[preset]?.(site, name) : undefined;
    if (!rights) throw new Error(`${preset}: a client is one of ${presetNames.join(", ")}`);
    return this.create(name, rights, now);
  }

  onRevoked(tell: (name: string) => void): void {
    this.#revoked.push(tell);
  }

  /** The rights that go with a name and its password, or undefined. */
  verify(name: string, password: Uint8Array): Rights | undefined {
    const account = this.#accounts.get(name);
    const salt = account?.salt ?? "nobody";
    const same = timingSafeEqual(Buffer.from(digest(password, salt)), Buffer.from(account?.hash ?? digest("", "")));
    return account && same ? account : undefined;
  }

  has(name: string): boolean {
    return this.#accounts.has(name);
  }
}

const digest = (password: string | Uint8Array, salt: string): string =>
  createHash("sha256").update(salt).update(password).digest("base64url");

/** No right may begin with a wildcard or with `$`: `#`, `+/…` and `$SYS` belong to nobody. */
const soundFilter = (filter: string): boolean =>
  filter.length <= 256 && /^[^+#$/\u0000][^+#/\u0000]*(\/|$)/.test(filter) && !/#./.test(filter);

export const mayPublish = (rights: Rights, topic: string): boolean =>
  !topic.startsWith("$") && rights.publish.some((filter) => matches(filter, topic));

export const maySubscribe = (rights: Rights, filter: string): boolean =>
  rights.subscribe.some((allowed) => covers(allowed, filter));

/** Usual sets of rights, by what the client is. */
export const presets: Readonly<Record<string, (site: string, name: string) => Rights>> = {
  /** Looks at this site. */
  reader: (site: string): Rights => ({ publish: [], subscribe: [`vigie/v1/${site}/#`] }),
  /** Looks, and acknowledges alarms. */
  operator: (site: string): Rights => ({
    publish: [`vigie/v1/${site}/+/$alarm/+/ack`],
    subscribe: [`vigie/v1/${site}/#`],
  }),
  /** Another gateway, whose site is called like the client. */
  edge: (_site: string, name: string): Rights => ({
    publish: [`vigie/v1/${name}/#`],
    subscribe: [`vigie/v1/${name}/+/$alarm/+/ack`],
  }),
  /** A device that speaks under its own name (Tasmota, Shelly, ESPHome …). */
  device: (_site: string, name: string): Rights => ({
    publish: [`${name}/#`, `tele/${name}/#`, `stat/${name}/#`, `shellies/${name}/#`],
    subscribe: [`${name}/#`, `cmnd/${name}/#`, `shellies/${name}/command`],
  }),
};

export const presetNames: readonly string[] = Object.keys(presets);
