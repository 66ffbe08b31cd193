import type {GpuKernel} from "../webgpu-dispatch.ts";

/** What a workgroup of 64 threads makes: so many quads of rows by so many quads of columns, reading `depth` of the inner dimension at a time. */
export interface Tile {
  rowQuads: number;
  columnQuads: number;
  depth: number;
}

const THREADS = 64;
export const LANES = [0, 1, 2, 3] as const;

/** A line of WGSL for each of the four columns of a thread. */
export const lines = (line: (lane: number) => string) => LANES.map(line).join("\n");

export const vec4 = (part: (lane: number) => string) => `vec4f(${LANES.map(part).join(", ")})`;

/** Workgroups for a result of rows x columns. */
export function tileWorkgroups(tile: Tile, rows: number, columns: number): GpuKernel["workgroups"] {
  return [Math.ceil(columns / (4 * tile.columnQuads)), Math.ceil(rows / (4 * tile.rowQuads)), 1];
}

/**
 * WGSL: a product of a dense matrix `a` [rows, inner], which the workgroup copies into its memory a piece at a time, with weights that `body`
 * finds. In `body`, `stage(thread, top, k)` copies columns k.. of the tile's rows, all threads together; then `at_row(k)` has
 * four rows of column k of the piece, and `sum0` to `sum3` add up the thread's columns from `left` on, four rows each.
 * Threads that share columns stand next to each other: they skip the same weights.
 */
export function wgslTileProduct(a: string, tile: Tile, {body, value}: {body: string; value: string}): string {
  const {rowQuads, columnQuads, depth} = tile;
  return `const DEPTH = ${depth}u;
const ROW_QUADS = ${rowQuads}u;
var<workgroup> staged: array<vec4f, ${rowQuads * depth}>;

fn ${a}_at(row: u32, k: u32) -> f32 {
  if (row >= args.rows || k >= args.inner) { return 0.0; }
  return ${a}[row * args.inner + k];
}

fn stage(thread: u32, top: u32, start: u32) {
  workgroupBarrier();
  for (var i = thread; i < ${rowQuads * depth}u; i += ${THREADS}u) {
    let row = top + i / DEPTH * 4u;
    let k = start + i % DEPTH;
    staged[i % DEPTH * ROW_QUADS + i / DEPTH] = ${vec4((lane) => `${a}_at(row + ${lane}u, k)`)};
  }
  workgroupBarrier();
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rowQuad = thread % ROW_QUADS;
  let columnQuad = thread / ROW_QUADS;
  let top = group.y * ${4 * rowQuads}u;
  let left = (group.x * ${columnQuads}u + columnQuad) * 4u;
${lines((j) => `  var sum${j} = vec4f(0.0);`)}
${body}
  let first = top + rowQuad * 4u;
${lines(
  (j) => `  if (left + ${j}u < args.columns) {
    let column = left + ${j}u;
    let y = ${value.replace("sum", `sum${j}`)};
    for (var i = 0u; i < 4u; i++) {
      if (first + i < args.rows) { out0[(first + i) * args.columns + column] = y[i]; }
    }
  }`
)}
}`;
}

/** WGSL: four rows of column k of the staged piece. */
export const atRow = (k: string) => `staged[(${k}) * ROW_QUADS + rowQuad]`;

/** Uniforms of a product. */
export function productUniforms(sizes: Record<string, number>) {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, value]) => [name, {type: "u32", value}])
  ) as GpuKernel["uniforms"];
}
