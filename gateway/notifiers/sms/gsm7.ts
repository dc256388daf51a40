/** GSM 03.38: what one SMS can say in 160 characters of seven bits. */
const basic =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/** Reached through an escape, so each counts twice. */
const extension: ReadonlyMap<string, number> = new Map([
  ["\f", 0x0a],
  ["^", 0x14],
  ["{", 0x28],
  ["}", 0x29],
  ["\\", 0x2f],
  ["[", 0x3c],
  ["~", 0x3d],
  ["]", 0x3e],
  ["|", 0x40],
  ["€", 0x65],
]);

const ESCAPE = 0x1b;
const codes: ReadonlyMap<string, number> = new Map([...basic].map((char, code) => [char, code]));
const escaped: ReadonlyMap<number, string> = new Map([...extension].map(([char, code]) => [code, char]));

/** French (and the rest) in the letters that there are: é è à ù exist, ç ê î ô do not. */
const spelled: Readonly<Record<string, string>> = {
  "’": "'",
  "‘": "'",
  "“": '"',
  "”": '"',
  "«": '"',
  "»": '"',
  "–": "-",
  "—": "-",
  "…": "...",
  "°": "",
  "²": "2",
  "³": "3",
  "≥": ">=",
  "≤": "<=",
  "→": "->",
  "×": "x",
  µ: "u",
  μ: "u",
  œ: "oe",
  Œ: "OE",
  "\u00a0": " ",
  "\u202f": " ",
  "\t": " ",
};

/** The text in letters that GSM-7 has; `?` for what cannot be said. */
export function transliterated(text: string): string {
  return [...text.normalize("NFC")]
    .map((char) =>
      (codes.has(char) && char !== "\u001b") || extension.has(char) ? char : (spelled[char] ?? plain(char)),
    )
    .join("");
}

const plain = (char: string): string => {
  const bare = char.normalize("NFD").replace(/\p{M}/gu, "");
  return bare !== char && [...bare].every((c) => codes.has(c)) ? bare : "?";
};

/** The septets of a text that was transliterated. */
export function septets(text: string): number[] {
  return [...text].flatMap((char) => {
    const code = codes.get(char);
    if (code !== undefined) return [code];
    const second = extension.get(char);
    return second === undefined ? [] : [ESCAPE, second];
  });
}

/** Seven-bit codes in eight-bit bytes, the first in the lowest bits. */
export function packed(codes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((codes.length * 7) / 8));
  for (const [i, code] of codes.entries()) {
    const bit = i * 7;
    const wide = code << (bit % 8);
    const at = bit >> 3;
    bytes[at] = (bytes[at] ?? 0) | (wide & 0xff);
    if (at + 1 < bytes.length) bytes[at + 1] = (bytes[at + 1] ?? 0) | (wide >> 8);
  }
  return bytes;
}

/** `count` septets from bytes, from the septet `skip` on (where a header lies before them). */
export function unpacked(bytes: Uint8Array, count: number, skip = 0): string {
  let text = "";
  let after = false;
  for (let i = skip; i < count; i++) {
    const bit = i * 7;
    const at = bit >> 3;
    const code = (((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)) >> (bit % 8)) & 0x7f;
    if (code === ESCAPE) {
      after = true;
      continue;
    }
    text += after ? (escaped.get(code) ?? " ") : (basic[code] ?? "?");
    after = false;
  }
  return text;
}
