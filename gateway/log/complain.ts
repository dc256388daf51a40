import { Refusal } from "./database.ts";
import { StoreTrouble } from "./rpc.ts";

/** Exit code 0, or 1 with the reason where the store has one that a person can act upon. */
export async function complain(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof StoreTrouble)) throw error;
    console.error(error.message);
    return 1;
  }
}
