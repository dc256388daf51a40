/** Points and fault words get small numbers, written once: that is most of what makes the store write little. */
export type NameKind = "point" | "fault";

export interface NameRow {
  kind: NameKind;
  id: number;
  text: string;
}

/** Bits that a number may use in a packed reading. */
const LIMIT = { point: 0x7fff, fault: 0x3f } as const satisfies Record<NameKind, number>;

export class Names {
  readonly #numbers = { point: new Map<string, number>(), fault: new Map<string, number>() };
  readonly #texts: Record<NameKind, string[]> = { point: [], fault: [] };
  #fresh: NameRow[] = [];

  constructor(rows: Iterable<NameRow> = []) {
    for (const row of rows) this.learn(row);
  }

  learn({ kind, id, text }: NameRow): void {
    this.#numbers[kind].set(text, id);
    this.#texts[kind][id] = text;
  }

  /** The number of a name, a new one where it has none yet. */
  number(kind: NameKind, text: string): number {
    const known = this.#numbers[kind].get(text);
    if (known !== undefined) return known;
    const id = this.#texts[kind].length;
    if (id > LIMIT[kind]) throw new Error(`more than ${LIMIT[kind]} different ${kind} names in one store`);
    const row = { kind, id, text };
    this.learn(row);
    this.#fresh.push(row);
    return id;
  }

  /** The number of a name that the store has met, or undefined. */
  known(kind: NameKind, text: string): number | undefined {
    return this.#numbers[kind].get(text);
  }

  text(kind: NameKind, id: number): string | undefined {
    return this.#texts[kind][id];
  }

  /** Names that are not on disk yet; they go into the same transaction as the first reading that needs them. */
  get fresh(): readonly NameRow[] {
    return this.#fresh;
  }

  stored(rows: readonly NameRow[]): void {
    this.#fresh = this.#fresh.filter((row) => !rows.includes(row));
  }
}
