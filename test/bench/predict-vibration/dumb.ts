/** The first reading at which the smoothed level stands above `times` the mean of the first hundred; undefined for never. */
export function ewma(values: readonly number[], times: number, pace: number): number | undefined {
  const base = values.slice(0, 100).reduce((sum, value) => sum + value, 0) / 100;
  let level = base;
  const at = values.findIndex((value, i) => {
    level += pace * (value - level);
    return i >= 100 && level > times * base;
  });
  return at < 0 ? undefined : at;
}
