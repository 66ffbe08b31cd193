import type {GroupedSizes} from "./grouped-twin.ts";
import {type ProductSize, TILES, type Tile, tileByTable} from "./matmul-tiles.ts";

const {small, large, staged} = TILES;

/** The tiles of grouped products: no two threads share an output. */
export const GROUPED_TILES = {
  small,
  large,
  staged,
  /** 32x64 outputs a workgroup: half of a tile's rows are wasted in every group, so groups of few rows have lower tiles. */
  low: {...staged, quadsDown: 1}
} as const satisfies Record<string, Tile>;

/** Rows of a group below which lower tiles waste less than they cost. */
const MANY_ROWS = 256;

/** The tile for rows times the matrices of their groups; how rows are spread nobody knows, so it goes by their mean. */
export function productTile({m, inner, columns, groups}: GroupedSizes, isSoftware: boolean): Tile {
  const tile = alone({batch: 1, rows: m, columns, inner}, isSoftware);
  return tile.kind === "staged" && m < MANY_ROWS * groups ? GROUPED_TILES.low : tile;
}

/** The tile for the gradients of the matrices: a product each. */
export function gradTile({m, inner, columns, groups}: GroupedSizes, isSoftware: boolean): Tile {
  return alone({batch: groups, rows: inner, columns, inner: Math.ceil(m / groups)}, isSoftware);
}

/** The tile of a dense product, of those in which no two threads share an output. */
function alone(size: ProductSize, isSoftware: boolean): Tile {
  const tile = TILES[tileByTable(size, isSoftware)];
  return tile.splits > 1 ? small : tile;
}
