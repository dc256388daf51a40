/** The straight line through some points by least squares: how much it rises per unit of x, and the standard error of that. */
export function slope(points: readonly (readonly [x: number, y: number])[]): { slope: number; error: number } {
  const n = points.length;
  if (n < 3) return { slope: 0, error: Number.POSITIVE_INFINITY };
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / n;
  const [mx, my] = [mean(0), mean(1)];
  let [xx, xy] = [0, 0];
  for (const [x, y] of points) {
    xx += (x - mx) ** 2;
    xy += (x - mx) * (y - my);
  }
  const rise = xy / xx;
  const rest = points.reduce((sum, [x, y]) => sum + (y - my - rise * (x - mx)) ** 2, 0);
  return { slope: rise, error: Math.sqrt(rest / (n - 2) / xx) };
}
