import { sameText, Told } from "../../core/text.ts";
import { Refusal } from "../../log/database.ts";
import { StoreTrouble } from "../../log/rpc.ts";

/** Work on a store: what its threads refuse needs no stack either. They have one language, that of the log. */
export async function inStoreWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof StoreTrouble)) throw error;
    throw new Told(sameText(error.message), { cause: error });
  }
}
