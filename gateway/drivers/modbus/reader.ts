import type { Decode } from "./decode.ts";
import type { Block } from "./plan.ts";
import { isBits } from "./profile.ts";
import type { Tag } from "./tags.ts";

/** One request of a plan, and how to take its signals out of the answer. */
export interface Reader {
  readonly block: Block;
  readonly parts: readonly { readonly index: number; readonly decode: Decode; readonly at: number }[];
}

/** The block that brings the signals with these indices, which are in address order. */
export function readerOf(
  tags: readonly Tag[],
  decoders: readonly Decode[],
  table: Block["table"],
  spans: readonly number[],
): Reader {
  const own = spans.flatMap((index) => tags[index] ?? []);
  const at = Math.min(...own.map((tag) => tag.at));
  const count = Math.max(...own.map((tag) => tag.at + tag.count)) - at;
  const parts = spans.flatMap((index) => {
    const tag = tags[index];
    const decode = decoders[index];
    return tag && decode ? [{ index, decode, at: (tag.at - at) * (isBits(table) ? 1 : 2) }] : [];
  });
  return { block: { table, at, count, spans }, parts };
}
