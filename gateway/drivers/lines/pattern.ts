import { LINE_MAX } from "./split.ts";

/**
 * Whether a pattern of the site file may be run on lines from a wire: JavaScript's expressions go back and try again, and `(a+)+$`
 * does so for longer than the machine will last. Counted is in how many ways a line of `LINE_MAX` characters can be gone through,
 * from above: where the next character decides whether a repetition goes on, there is one way; where it does not, as many as there
 * are lengths. Two such repetitions are harmless on lines so short, a repetition of them is not.
 */
export type Danger = "slow" | "refers-back";

/** Steps for one line, most of which are never taken: what comes near this bound takes some ten milliseconds. */
const STEPS_MAX = 4 * LINE_MAX ** 3;

/** For a pattern that `new RegExp` accepts. */
export function dangerOf(pattern: string): Danger | undefined {
  const reader = new Reader(pattern);
  const tree = reader.read();
  if (reader.refersBack) return "refers-back";
  const starts = isAnchored(tree) ? 1 : LINE_MAX;
  return starts * waysOf(tree, NOTHING, false) * LINE_MAX > STEPS_MAX ? "slow" : undefined;
}

/** Some of the 256 characters that a line can have, a bit each. */
type Chars = bigint;
const NOTHING: Chars = 0n;
const ANYTHING: Chars = (1n << 256n) - 1n;

type Part =
  | { kind: "one"; chars: Chars }
  /** `^`, `\b` and their like; `chars` is what can come after it, as far as that is known. */
  | { kind: "place"; text: string; chars: Chars }
  | { kind: "row"; parts: Part[] }
  | { kind: "either"; parts: Part[] }
  | { kind: "repeat"; part: Part; min: number; max: number }
  | { kind: "look"; part: Part; behind: boolean };

/** In how many ways a part can be gone through so that what follows, which begins with `next`, can still begin. */
function waysOf(part: Part, next: Chars, behind: boolean): number {
  switch (part.kind) {
    case "one":
    case "place":
      return 1;
    case "look":
      return waysOf(part.part, NOTHING, part.behind);
    case "row":
      return part.parts.reduceRight(
        ({ ways, after }, one) => ({
          ways: ways * waysOf(one, behind ? ANYTHING : after, behind),
          after: beginOf(one, after),
        }),
        { ways: 1, after: next },
      ).ways;
    case "either": {
      const each = part.parts.map((one) => waysOf(one, next, behind));
      const apart = !behind && areApart(part.parts.map((one) => beginOf(one, next)));
      return apart ? Math.max(...each) : each.reduce((sum, ways) => sum + ways, 0);
    }
    case "repeat":
      return waysOfRepeat(part, next, behind);
  }
}

function waysOfRepeat({ part, min, max }: Part & { kind: "repeat" }, next: Chars, behind: boolean): number {
  const begin = beginOf(part, NOTHING);
  const once = waysOf(part, max > 1 ? begin | next : next, behind);
  const most = Math.min(max, LINE_MAX);
  const least = Math.min(min, most);
  // The next character says whether it goes on: of all its lengths one has a future.
  if (!behind && !mayBeEmpty(part) && areApart([begin, next])) return once ** most;
  let ways = 0;
  for (let times = least; times <= most; times++) ways += once ** times;
  return ways;
}

/** What a part and what follows it can begin with. */
function beginOf(part: Part, next: Chars): Chars {
  switch (part.kind) {
    case "one":
    case "place":
      return part.chars;
    case "look":
      return ANYTHING;
    case "row":
      return part.parts.reduceRight((after, one) => beginOf(one, after), next);
    case "either":
      return part.parts.reduce((all, one) => all | beginOf(one, next), NOTHING);
    case "repeat":
      if (part.max === 0) return next;
      return beginOf(part.part, next) | (part.min === 0 ? next : NOTHING);
  }
}

function mayBeEmpty(part: Part): boolean {
  switch (part.kind) {
    case "one":
      return false;
    case "place":
    case "look":
      return true;
    case "row":
      return part.parts.every(mayBeEmpty);
    case "either":
      return part.parts.some(mayBeEmpty);
    case "repeat":
      return part.min === 0 || mayBeEmpty(part.part);
  }
}

function areApart(sets: readonly Chars[]): boolean {
  let all = NOTHING;
  for (const set of sets) {
    if ((all & set) !== NOTHING) return false;
    all |= set;
  }
  return true;
}

/** Whether it can only match at the beginning of a line. */
function isAnchored(part: Part): boolean {
  if (part.kind === "place") return part.text === "^";
  if (part.kind === "row") return part.parts[0] !== undefined && isAnchored(part.parts[0]);
  return part.kind === "either" && part.parts.every(isAnchored);
}

const COUNT = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/;
const ESCAPE = /^\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|c[a-zA-Z]|(?=c)|[0-3]?[0-7]{1,2}|[\s\S])/;
const CLASS = /^\[(?:\\[\s\S]|[^\]\\])*\]/;
const GROUP = /^\((?:\?(?:([ims-]*):|(<?[=!])|<[^>]*>))?/;

/** Reads what `new RegExp` has already accepted, as it does without flags. */
class Reader {
  refersBack = false;
  readonly #pattern: string;
  /** How many groups a `\1` can mean, and whether any has a name. */
  readonly #groups: number;
  readonly #named: boolean;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    const found = new RegExp(`|${pattern}`).exec("");
    this.#groups = (found?.length ?? 1) - 1;
    this.#named = found?.groups !== undefined;
  }

  /** `folded`: under modifiers, where a letter and a place mean more than they say. */
  read(folded = false): Part {
    const parts: Part[] = [];
    do parts.push(this.#row(folded));
    while (this.#take(/^\|/));
    return parts[0] !== undefined && parts.length === 1 ? parts[0] : { kind: "either", parts };
  }

  #row(folded: boolean): Part {
    const parts: Part[] = [];
    while (this.#at < this.#pattern.length && !/^[|)]/.test(this.#pattern.slice(this.#at))) {
      const part = this.#part(folded);
      const count = this.#take(COUNT);
      parts.push(count ? { kind: "repeat", part, ...bounds(count) } : part);
    }
    return { kind: "row", parts };
  }

  #part(folded: boolean): Part {
    const group = this.#take(GROUP);
    if (group) {
      const part = this.read(folded || Boolean(group[1]));
      this.#take(/^\)/);
      return group[2] ? { kind: "look", part, behind: group[2].startsWith("<") } : part;
    }
    const place = this.#take(/^(?:[\^$]|\\[bB])/)?.[0];
    if (place) return placeOf(place, folded);
    if (this.#take(this.#back())) {
      this.refersBack = true;
      return { kind: "one", chars: ANYTHING };
    }
    const one = (this.#take(ESCAPE) ?? this.#take(CLASS) ?? this.#take(/^[\s\S]/))?.[0] ?? "";
    return { kind: "one", chars: folded ? ANYTHING : charsOf(one) };
  }

  /** A reference back: `\k` where groups have names, a number up to that of the last group. */
  #back(): RegExp {
    const number = Number(/^\\([1-9]\d*)/.exec(this.#pattern.slice(this.#at))?.[1]);
    if (number <= this.#groups) return /^\\\d+/;
    return this.#named ? /^\\k<[^>]*>/ : /^(?!)/;
  }

  #take(what: RegExp): RegExpExecArray | null {
    const found = what.exec(this.#pattern.slice(this.#at));
    if (found) this.#at += found[0].length;
    return found;
  }
}

function placeOf(text: string, folded: boolean): Part {
  if (folded) return { kind: "place", text: "", chars: ANYTHING };
  return { kind: "place", text, chars: text === "$" ? NOTHING : ANYTHING };
}

function bounds([, sign, min, more, max]: RegExpExecArray): { min: number; max: number } {
  if (sign === "?") return { min: 0, max: 1 };
  if (sign) return { min: sign === "*" ? 0 : 1, max: Number.POSITIVE_INFINITY };
  if (!more) return { min: Number(min), max: Number(min) };
  return { min: Number(min), max: max ? Number(max) : Number.POSITIVE_INFINITY };
}

const known = new Map<string, Chars>();

/** Which characters this is, by asking. */
function charsOf(one: string): Chars {
  const found = known.get(one);
  if (found !== undefined) return found;
  const plain = one.length === 1 && one !== ".";
  const is = new RegExp(`^${plain ? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}` : one}$`);
  let chars = NOTHING;
  for (let code = 0; code < 256; code++) if (is.test(String.fromCharCode(code))) chars |= 1n << BigInt(code);
  known.set(one, chars);
  return chars;
}
