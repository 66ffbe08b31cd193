/** How the threads of a product share the work. New ways (subgroup matrices) become further kinds. */
export interface Tile {
  /**
   * `registers`: each thread reads what it needs. `staged`: a workgroup brings pieces of both operands into its memory
   * first. `split`: several threads share the inner index of the same outputs, and their sums are added up in order.
   */
  kind: "registers" | "staged" | "split";
  /** Outputs of a thread, in quads: rows of four, and columns of four. */
  quadsDown: 1 | 2;
  quadsAcross: 1 | 2;
  /** Blocks of outputs of a workgroup in each direction. */
  down: number;
  across: number;
  /** Threads that share a block; 1 unless the kind is `split`. */
  splits: number;
}

const tile = (kind: Tile["kind"], quads: 1 | 2, [down, across]: [number, number], splits = 1): Tile => ({
  kind,
  quadsDown: quads,
  quadsAcross: quads,
  down,
  across,
  splits
});

/** The tiles there are, by name. The results of all agree to rounding, not to the last bit: they add up in different orders. */
export const TILES = {
  /** 4x4 outputs a thread: for what fills a GPU without more reuse, and quick to compile. */
  small: tile("registers", 1, [8, 8]),
  /** 8x8 outputs a thread and few threads a workgroup: for software adapters, on which workgroup memory is slow. */
  large: tile("registers", 2, [4, 4]),
  /** 64x64 outputs a workgroup, from workgroup memory: for GPUs. */
  staged: tile("staged", 2, [8, 8]),
  /** 16 threads for 4x4 outputs: for few outputs, or long sums. */
  split: tile("split", 1, [2, 2], 16),
  /** 64 threads for 4x4 outputs: for very few outputs with very long sums. */
  long: tile("split", 1, [1, 1], 64)
} as const satisfies Record<string, Tile>;

export type TileName = keyof typeof TILES;

/** What a choice of a tile depends on. */
export interface ProductSize {
  batch: number;
  rows: number;
  columns: number;
  inner: number;
}

/** Threads below which a GPU stands idle. */
const MANY_THREADS = 4096;
/** Multiplications below which a software adapter computes faster than it compiles. */
const MANY_PRODUCTS = 1 << 20;

/**
 * The tile for a product without measuring, the same in every session. For GPUs this follows what authors of
 * other WebGPU libraries measured (gpu.cpp and llama.cpp: 8x8 a thread with staging where that fills the GPU; jax-js: several
 * threads an output where few outputs have long sums); for software adapters our own measurements.
 */
export function tileByTable({batch, rows, columns, inner}: ProductSize, isSoftware: boolean): TileName {
  if (isSoftware) return batch * rows * columns * inner >= MANY_PRODUCTS ? "large" : "small";
  const blocks = batch * Math.ceil(rows / 4) * Math.ceil(columns / 4);
  const stagedGroups = batch * Math.ceil(rows / 64) * Math.ceil(columns / 64);
  if (stagedGroups >= 64 && Math.min(rows, columns) >= 64 && inner >= 32) return "staged";
  if (blocks >= MANY_THREADS || inner < 64) return "small";
  return blocks <= 64 && inner >= 1024 ? "long" : "split";
}
