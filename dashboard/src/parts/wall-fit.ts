/** What a tile needs, in units of the root size: the wall picks the columns that let it be largest. */
const TILE_WIDTH = 24;
const TILE_HEIGHT = 17;
const HEAD_HEIGHT = 5.5;
/** The line above it that says that something is wrong with what is shown. */
const BANNER_HEIGHT = 3.2;

export function wallFit(
  tiles: number,
  width: number,
  height: number,
  banner = false,
): { columns: number; size: number } {
  const head = HEAD_HEIGHT + (banner ? BANNER_HEIGHT : 0);
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= Math.max(1, tiles); columns++) {
    const rows = Math.ceil(tiles / columns);
    const size = Math.min(width / (columns * TILE_WIDTH + 3), height / (rows * TILE_HEIGHT + head), 44);
    if (size > best.size) best = { columns, size };
  }
  // Too many for one screen: legible and scrolling beats complete and tiny; the problems are on top.
  return { ...best, size: Math.max(13, best.size) };
}
