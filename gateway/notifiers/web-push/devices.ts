import { createHash } from "node:crypto";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import type { Cells } from "../../core/log.ts";
import type { PushDesk, PushDevice, PushSubscriptionKeys } from "../../core/notice.ts";
import { type Clock, epochMs } from "../../core/time.ts";

const KIND = "push-device";
/** A person has a telephone, a tablet and a desk; more is somebody playing. */
const MOST_PER_ACCOUNT = 10;

const deviceCell = z.object({
  id: z.string(),
  account: z.string(),
  name: z.string(),
  since: z.number().transform(epochMs),
  subscription: z.object({ endpoint: z.string(), keys: z.object({ p256dh: z.string(), auth: z.string() }) }),
});

/** A browser that has signed up, with what is needed to send to it. */
export type Device = z.output<typeof deviceCell>;

interface Door {
  publicKey(): Promise<string>;
  mayGoTo(endpoint: string): boolean;
  shown(proof: string): boolean;
}

/** The browsers that people have signed up with, kept in the store; each belongs to one account. */
export class Devices implements PushDesk {
  readonly publicKey: () => Promise<string>;
  readonly shown: (proof: string) => boolean;
  readonly #door: Door;
  readonly #cells: Cells;
  readonly #clock: Clock;

  constructor({ cells, clock }: { cells: Cells; clock: Clock }, door: Door) {
    this.#cells = cells;
    this.#clock = clock;
    this.#door = door;
    this.publicKey = () => door.publicKey();
    this.shown = (proof) => door.shown(proof);
  }

  async of(account: string): Promise<Device[]> {
    const cells = [...(await this.#cells.load(KIND)).values()];
    return cells.flatMap((cell) => deviceCell.safeParse(cell).data ?? []).filter((one) => one.account === account);
  }

  async devices(account: string): Promise<PushDevice[]> {
    return (await this.of(account)).map(({ id, name, since }) => ({ id, name, since }));
  }

  async add(account: string, name: string, subscription: PushSubscriptionKeys): Promise<PushDevice> {
    if (!this.#door.mayGoTo(subscription.endpoint))
      throw new Fault("refused", {
        fr: "ce navigateur nomme un service de push qui n'est pas sur la liste",
        en: "this browser names a push service that is not on the list",
      });
    // The same browser that signs up again takes its old place, whoever it belonged to.
    const id = createHash("sha256").update(subscription.endpoint).digest("base64url").slice(0, 16);
    const device = { id, account, name, since: this.#clock.now(), subscription };
    const others = (await this.of(account)).filter((one) => one.id !== id).sort((a, b) => a.since - b.since);
    const crowd = others.slice(0, Math.max(0, others.length + 1 - MOST_PER_ACCOUNT));
    const gone = crowd.map((one) => ({ kind: KIND, key: one.id, value: null }));
    await this.#cells.commit({ cells: [...gone, { kind: KIND, key: id, value: device }] });
    return { id, name, since: device.since };
  }

  async remove(account: string, device: string): Promise<boolean> {
    const known = (await this.of(account)).some(({ id }) => id === device);
    if (known) await this.#cells.commit({ cells: [{ kind: KIND, key: device, value: null }] });
    return known;
  }
}
