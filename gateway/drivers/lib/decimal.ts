/**
 * The number that a device wrote, as in `12.5`, `+7`, `-3e-2`; undefined for anything else. JavaScript's own `Number` takes a blank
 * display for 0, and `0x1F` for 31.
 */
export const decimal = (written: string): number | undefined =>
  /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(written) ? Number(written) : undefined;
