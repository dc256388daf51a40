const made = new WeakMap<Intl.DateTimeFormatOptions, Map<string, Intl.DateTimeFormat>>();

/**
 * The formatter of a language and a time zone. Making one costs a thousand times its use, and 35 kB outside the heap: there is
 * one for each `options`, which is therefore a constant of its caller.
 */
export function formatter(locale: string, timezone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const all = made.get(options) ?? new Map<string, Intl.DateTimeFormat>();
  made.set(options, all);
  const key = `${locale} ${timezone}`;
  const known = all.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone: timezone });
  all.set(key, known);
  return known;
}
