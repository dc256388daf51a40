/** Machines as a child would draw them: outlines on a 48 grid, wide strokes, no detail that four metres would swallow. */
const drawings = {
  lathe: "M4 36h40M8 36v5m32-5v5M6 36V19h11v17M17 24h5v6h-5m5-3h9m0-4v8m4-4h-4m4 9v-6h8v6M31 36v-5h4M10 24h3",
  mill: "M14 6h14v13H14V6Zm5 13v6h4v-6m-3 6v5h2v-5M8 34h28v5H8v-5Zm4-3h20v3H12v-3ZM28 10h8v29M6 42h36",
  saw: "M6 34h36M10 34v7m28-7v7M24 12a11 11 0 0 1 11 11H13a11 11 0 0 1 11-11Zm0 7v4M24 12V8m8.500 6.500 2-3m-19 3-2-3M18 41h12",
  drill: "M17 6h16v12H17V6Zm5 12v6h6v-6m-4.500 6v7h3v-7M33 9h6v31M8 40h34M14 34h20v6H14v-6ZM17 11h-5",
  press: "M10 42V7h28v35M6 42h36M18 7v9h12V7m-9 9v6h6v-6M16 22h16v5H16v-5Zm0 10h16v10H16V32Z",
  compressor:
    "M7 24h34a4 4 0 0 1 0 13H7a4 4 0 0 1 0-13Zm5 13v5m24-5v5M12 24v-9h12v9m-12-5h12M30 24v-7h8v7m-4-7v-4m-16 2v-4M30 30h6",
  pasteuriser:
    "M13 12h22v22a11 5 0 0 1-22 0V12Zm0 0a11 4.500 0 0 1 22 0 11 4.500 0 0 1-22 0ZM16 38v5m16-5v5M24 20v10m-3 0a3 3 0 1 0 6 0 3 3 0 0 0-6 0ZM35 17h6v14h-6",
  washer:
    "M5 37h38M9 37v5m30-5v5M13 37V22l2-3v-5h4v5l2 3v15m7 0V22l2-3v-5h4v5l2 3v15M8 5v3m8-3v3m8-3v3m8-3v3m8-3v3M6 5h36M13 29h8m7 0h8",
  pump: "M8 40h32M24 11a12 12 0 1 0 0 24 12 12 0 0 0 0-24Zm0 0h16v7h-5M24 19a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-8v8m10 10-7-4m-13 4 7-4M16 34l-2 6m18-6 2 6",
  oven: "M8 8h32v32H8V8Zm0 9h32M14 23h20v11H14V23Zm-1-10.500h.010M19 12.500h.010M28 12.500h7M19 31c0-3 3-3 2-6m6 6c0-3 3-3 2-6M12 40v3m24-3v3",
  fan: "M24 8a16 16 0 1 0 0 32 16 16 0 0 0 0-32Zm0 13a3 3 0 1 0 0 6 3 3 0 0 0 0-6Zm0 0c-6-3-4-9 1-9 4 0 4 5 1 9m1 3c6-1 9 4 6 8-2 3-6 0-7-6m-6-2c-1 6-7 8-10 4-2-4 2-6 8-6",
  motor: "M8 16h24v19H8V16Zm24 6h8m-8 7h8M40 20v11M13 16v-5h10v5M12 35v5m16-5v5M14 21v9m6-9v9m6-9v9",
  gateway:
    "M8 26h32v13H8V26Zm7 6.500h.010M22 32.500h11M24 26V15m-6 1a8.500 8.500 0 0 1 12 0M13.500 11.500a15 15 0 0 1 21 0",
  machine: "M24 17a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0-10v6m0 22v6M7 24h6m22 0h6M12 12l4 4m16 16 4 4m0-24-4 4M16 32l-4 4",
} as const;

/** Words that site files use for the same kind of machine. */
const kinds: readonly (readonly [pattern: RegExp, drawing: keyof typeof drawings])[] = [
  [/lathe|tour/, "lathe"],
  [/mill|frais/, "mill"],
  [/saw|scie/, "saw"],
  [/drill|perceu/, "drill"],
  [/compress/, "compressor"],
  [/press/, "press"],
  [/pasteur|tank|cuve/, "pasteuriser"],
  [/wash|lave|bottle/, "washer"],
  [/pump|pompe/, "pump"],
  [/oven|four|kiln/, "oven"],
  [/fan|ventil/, "fan"],
  [/motor|moteur/, "motor"],
  [/gateway|passerelle/, "gateway"],
];

export function Pictogram({ kind, size = 48 }: { kind: string | undefined; size?: number }) {
  const drawing = kinds.find(([pattern]) => pattern.test(kind ?? ""))?.[1] ?? "machine";
  return (
    <svg class="pictogram" viewBox="0 0 48 48" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={drawings[drawing]} />
    </svg>
  );
}
