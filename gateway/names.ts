import dns from "node:dns";
import { isIP } from "node:net";
import { type Ms, SECOND } from "./core/time.ts";

type Options = dns.LookupOptions;
type Answer = (error: NodeJS.ErrnoException | null, address?: string | dns.LookupAddress[], family?: number) => void;
type Ask = (name: string, options: Options, answer: Answer) => void;

/** Questions to the system at a time. Each holds a thread for as long as name servers are silent; libuv lends half of its 16 (bin.mjs). */
const AT_ONCE = 8;
/** After so long a name counts as slow, and where an address is known from before, that one is taken. */
const PATIENCE: Ms = 2 * SECOND;
/** Names that are remembered; beyond it the one that was asked first is forgotten. */
const REMEMBERED = 256;

interface Name {
  name: string;
  options: Options;
  waiting: Set<Answer>;
  asked: boolean;
  slow: boolean;
  known: Parameters<Answer> | undefined;
}

/** From now on every connection of this process finds its address through `namesBy`. */
export function patientNames(): void {
  const lookup = namesBy(dns.lookup as Ask);
  const patient = (name: string, options: Options | number | Answer, answer?: Answer) => {
    if (typeof options === "function") lookup(name, {}, options);
    else if (answer) lookup(name, typeof options === "number" ? { family: options } : options, answer);
  };
  dns.lookup = Object.assign(patient as typeof dns.lookup, dns.lookup);
}

/**
 * Asks the system for addresses so that a name which nobody answers for keeps nobody else from theirs: one question per name at
 * a time, names that were slow before one after the other behind all others, and the last known address while there is none.
 */
export function namesBy(ask: Ask): Ask {
  const names = new Map<string, Name>();
  const queue: Name[] = [];
  const asking = new Set<Name>();

  const next = () => {
    for (const one of [...queue].sort((a, b) => Number(a.slow) - Number(b.slow))) {
      if (asking.size >= AT_ONCE || (one.slow && [...asking].some(({ slow }) => slow))) return;
      queue.splice(queue.indexOf(one), 1);
      put(one);
    }
  };
  const put = (one: Name) => {
    asking.add(one);
    const late = setTimeout(() => {
      one.slow = true;
    }, PATIENCE).unref();
    const begun = performance.now();
    ask(one.name, one.options, (...answer) => {
      clearTimeout(late);
      asking.delete(one);
      one.asked = false;
      one.slow = performance.now() - begun > PATIENCE;
      const [error] = answer;
      if (!error) one.known = answer;
      const told = error?.code === "EAI_AGAIN" && one.known ? one.known : answer;
      for (const tell of [...one.waiting]) tell(...told);
      next();
    });
  };

  return (name, options, answer) => {
    if (isIP(name)) return ask(name, options, answer);
    const one = remembered(names, name, options);
    const tell: Answer = (...told) => {
      clearTimeout(patience);
      if (one.waiting.delete(tell)) answer(...told);
    };
    const patience = setTimeout(() => one.known && tell(...one.known), PATIENCE).unref();
    one.waiting.add(tell);
    if (one.asked) return;
    one.asked = true;
    queue.push(one);
    next();
  };
}

function remembered(names: Map<string, Name>, name: string, options: Options): Name {
  const key = JSON.stringify([name, options]);
  const known = names.get(key);
  if (known) return known;
  const [oldest] = names;
  if (oldest && names.size >= REMEMBERED && !oldest[1].asked) names.delete(oldest[0]);
  const one = { name, options, waiting: new Set<Answer>(), asked: false, slow: false, known: undefined };
  names.set(key, one);
  return one;
}
