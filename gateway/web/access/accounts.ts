import { z } from "zod";
import type { UserAnswer } from "../../core/api.ts";
import type { Cells } from "../../core/log.ts";
import { HttpError } from "../errors.ts";
import { hashPassword, verifyPassword, weakness } from "./passwords.ts";
import { accountRole } from "./roles.ts";

const KIND = "account";

const stored = z.object({
  name: z.string(),
  role: accountRole,
  hash: z.string(),
  created: z.number(),
  disabled: z.boolean(),
});

type Account = z.infer<typeof stored>;
type AccountRole = z.infer<typeof accountRole>;

export const accountName = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u, "letters, digits, space, . _ - (at most 40)");

/** People who may sign in. Names are compared without case, so that nobody can be imitated by a capital. */
export class Accounts {
  readonly #cells: Cells;
  readonly #words: readonly string[];
  readonly #byKey = new Map<string, Account>();
  /** What a wrong name is checked against, so that it takes as long as a wrong password. Made when first needed. */
  #nobody: Promise<string> | undefined;

  private constructor(cells: Cells, words: readonly string[]) {
    this.#cells = cells;
    this.#words = words;
  }

  /** `words`: names of this place, which make bad passwords. */
  static async load(cells: Cells, words: readonly string[]): Promise<Accounts> {
    const accounts = new Accounts(cells, words);
    for (const [key, value] of await cells.load(KIND)) accounts.#byKey.set(key, stored.parse(value));
    return accounts;
  }

  get empty(): boolean {
    return this.#byKey.size === 0;
  }

  list(): UserAnswer[] {
    return [...this.#byKey.values()].map(view);
  }

  get(name: string): UserAnswer | undefined {
    const account = this.#byKey.get(keyOf(name));
    return account && view(account);
  }

  /** The account, if the password is its own and it is not switched off. Takes as long for a name that does not exist. */
  async verify(name: string, password: string): Promise<UserAnswer | undefined> {
    const account = this.#byKey.get(keyOf(name));
    this.#nobody ??= hashPassword("nobody has this password");
    const same = await verifyPassword(password, account?.hash ?? (await this.#nobody));
    return account && same && !account.disabled ? view(account) : undefined;
  }

  async create(name: string, role: AccountRole, password: string, now: number): Promise<UserAnswer> {
    this.#demandStrong(password, name);
    const hash = await hashPassword(password);
    if (this.#byKey.has(keyOf(name))) throw new HttpError(409, "exists", `There is already an account ${name}.`);
    return this.#keep({ name, role, hash, created: now, disabled: false });
  }

  async change(
    name: string,
    change: { role?: AccountRole | undefined; disabled?: boolean | undefined; password?: string | undefined },
  ): Promise<UserAnswer> {
    const account = this.#must(name);
    if (change.password !== undefined) this.#demandStrong(change.password, name);
    const hash = change.password === undefined ? account.hash : await hashPassword(change.password);
    const changed = {
      ...account,
      role: change.role ?? account.role,
      disabled: change.disabled ?? account.disabled,
      hash,
    };
    if (changed.role !== "admin" || changed.disabled) this.#keepAnAdmin(account);
    return this.#keep(changed);
  }

  async remove(name: string): Promise<void> {
    const account = this.#must(name);
    this.#keepAnAdmin(account);
    await this.#cells.commit({ cells: [{ kind: KIND, key: keyOf(name), value: null }] });
    this.#byKey.delete(keyOf(name));
  }

  async #keep(account: Account): Promise<UserAnswer> {
    await this.#cells.commit({ cells: [{ kind: KIND, key: keyOf(account.name), value: account }] });
    this.#byKey.set(keyOf(account.name), account);
    return view(account);
  }

  #must(name: string): Account {
    const account = this.#byKey.get(keyOf(name));
    if (!account) throw new HttpError(404, "not-found", `There is no account ${name}.`);
    return account;
  }

  #demandStrong(password: string, name: string): void {
    const weak = weakness(password, [...this.#words, name]);
    if (weak) throw new HttpError(422, "weak-password", weak);
  }

  #keepAnAdmin(leaving: Account): void {
    const others = [...this.#byKey.values()].filter((a) => a !== leaving && a.role === "admin" && !a.disabled);
    if (others.length === 0 && leaving.role === "admin" && !leaving.disabled)
      throw new HttpError(409, "last-admin", "This is the last administrator.");
  }
}

const keyOf = (name: string): string => name.trim().normalize("NFKC").toLowerCase();

const view = ({ hash: _hash, ...rest }: Account): UserAnswer => rest;
