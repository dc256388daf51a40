import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from "yaml";
import type { Text } from "../core/text.ts";
import { yamlWords } from "./yaml-words.ts";

/** Something wrong at a place in a YAML file, in words for the person who edits it. */
export interface ConfigProblem {
  line: number;
  column: number;
  /** `drivers[0].devices[2].slave`, or empty for the file as a whole. */
  path: string;
  message: Text;
}

type Path = readonly (string | number)[];

const MAX_ALIASES = 100;
/** Keys whose value is a secret, among them the headers of HTTP that carry one. */
const SECRET_KEY = /(password|token|secret|passphrase|api[-_]?key)$|^(proxy-)?authorization$|^cookie$/i;
/** What stands before the host of an address with a password: `scheme://user:password@`. */
const PASSWORD_IN_ADDRESS = /:\/\/[^\s/?#:]*:([^\s/?#]+)@/g;
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A YAML text that remembers where everything stood. */
export class Source {
  readonly #document;
  readonly #lines = new LineCounter();
  readonly #unset = new Set<string>();
  readonly problems: ConfigProblem[] = [];

  constructor(text: string, env: NodeJS.ProcessEnv) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: "silent" });
    // The parser stumbles on: what it says after the third is seldom about the file.
    for (const error of this.#document.errors.slice(0, 3)) this.#add(error.pos[0], [], yamlWords(error.code));
    if (this.problems.length > 0) return;
    // Before anything is put in: what comes out of a variable is a secret in the right place.
    this.#findSecrets();
    this.#refuseProto();
    this.#substitute(env);
  }

  /** The plain value; undefined when the YAML itself is broken. */
  value(): unknown {
    if (this.#document.errors.length > 0) return undefined;
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
    } catch {
      this.#add(0, [], {
        fr: `plus de ${MAX_ALIASES} renvois (*) : écrivez les valeurs en entier`,
        en: `more than ${MAX_ALIASES} aliases: write it out`,
      });
      return undefined;
    }
  }

  /** Adds a problem at `path`; where that place does not exist, at the nearest one above. `key` points at a key of that map. */
  report(path: Path, message: Text, key?: string): void {
    const whole = key === undefined ? path : [...path, key];
    // A variable that is not set leaves a value of which nothing more can be said.
    if (this.#unset.has(pathText(whole))) return;
    this.#add(this.#offset(path, key), whole, message);
  }

  #add(offset: number, path: Path, message: Text): void {
    const { line, col } = this.#lines.linePos(offset);
    const problem = { line: Math.max(line, 1), column: Math.max(col, 1), path: pathText(path), message };
    // Every point of a device finds the same fault of that device.
    if (this.problems.some((other) => other.path === problem.path && other.message.en === message.en)) return;
    this.problems.push(problem);
  }

  #offset(path: Path, key?: string): number {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = this.#document.getIn(path.slice(0, depth), true) as Node | undefined;
      if (!node?.range) continue;
      if (depth === path.length && key !== undefined && isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
        if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0];
      }
      return node.range[0];
    }
    return 0;
  }

  /** Secrets in clear, also where a value or its key is written elsewhere and only referred to. */
  #findSecrets(): void {
    const said = (node: unknown) => {
      const meant = isAlias(node) ? node.resolve(this.#document) : node;
      return isScalar(meant) && typeof meant.value === "string" ? meant.value : undefined;
    };
    const look = (node: Node, ancestors: readonly (Document | Node | Pair)[]) => {
      const value = said(node);
      if (value === undefined) return;
      const holder = ancestors.at(-1);
      const key = isPair(holder) && holder.key !== node ? said(holder.key) : undefined;
      const [at = 0] = node.range ?? [];
      const path = pathOf(node, ancestors);
      if (key && SECRET_KEY.test(key) && isClear(value)) this.#add(at, path, SECRET_IN_CLEAR);
      else if (hasClearPassword(value)) this.#add(at, path, PASSWORD_IN_CLEAR);
    };
    visit(this.#document, {
      Scalar: (_, node, ancestors) => look(node, ancestors),
      Alias: (_, node, ancestors) => look(node, ancestors),
    });
  }

  /** JavaScript's own word: every reader of maps would leave it out without saying so. */
  #refuseProto(): void {
    visit(this.#document, {
      Pair: (_, { key }, ancestors) => {
        if (isScalar(key) && key.value === "__proto__")
          this.#add(key.range?.[0] ?? 0, [...pathOf(key, ancestors), "__proto__"], NO_KEY);
      },
    });
  }

  #substitute(env: NodeJS.ProcessEnv): void {
    visit(this.#document, {
      Scalar: (_, scalar, ancestors) => {
        if (typeof scalar.value !== "string") return;
        const at = scalar.range?.[0] ?? 0;
        const path = pathOf(scalar, ancestors);
        scalar.value = scalar.value.replace(VARIABLE, (written, name: string) => {
          const value = env[name];
          if (value !== undefined) return value;
          this.#add(at, path, {
            fr: `la variable d'environnement ${name} n'est pas définie`,
            en: `the environment variable ${name} is not set`,
          });
          this.#unset.add(pathText(path));
          return written;
        });
      },
    });
  }
}

const SECRET_IN_CLEAR: Text = {
  fr: `un secret n'a pas sa place dans ce fichier : écrivez "\${UN_NOM}" et définissez cette variable`,
  en: `a secret does not belong in this file: write "\${SOME_NAME}" and set that variable`,
};

const PASSWORD_IN_CLEAR: Text = {
  fr: `le mot de passe de cette adresse n'a pas sa place dans ce fichier : écrivez "\${UN_NOM}" au lieu de l'adresse et définissez cette variable`,
  en: `the password in this address does not belong in this file: write "\${SOME_NAME}" in place of the address and set that variable`,
};

const NO_KEY: Text = { fr: "aucune clé ne peut s'appeler ainsi", en: "no key can have this name" };

const isClear = (value: string): boolean => value !== "" && value.search(VARIABLE) < 0;

const hasClearPassword = (value: string): boolean =>
  [...value.matchAll(PASSWORD_IN_ADDRESS)].some(([, password = ""]) => isClear(password));

/** Where a value stands, from the nodes above it. */
function pathOf(scalar: Node, ancestors: readonly (Document | Node | Pair)[]): Path {
  const chain = [...ancestors, scalar];
  return chain.flatMap((node, i): Path => {
    const below = chain[i + 1];
    if (isPair(node)) return [keyOf(node) ?? ""];
    if (isSeq(node)) return [node.items.indexOf(below)];
    return [];
  });
}

const keyOf = (pair: Pair): string | undefined => (isScalar(pair.key) ? String(pair.key.value) : undefined);

/** `["drivers", 0, "port"]` → `drivers[0].port`, on one line whatever somebody has put in the place of a key. */
export const pathText = (path: Path): string =>
  path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? oneLine(step) : `.${oneLine(step)}`))
    .join("");

const oneLine = (key: string): string => key.replace(/\s+/g, " ").slice(0, 60);
