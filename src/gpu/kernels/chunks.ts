/** Threads of a workgroup that walks a chunk of a vector. */
export const THREADS = 256;

/** A vector cut into chunks of equal length (the last may be shorter), one a workgroup. */
export interface Chunks {
  readonly length: number;
  readonly count: number;
}

/** At most `most` chunks of at least `least` elements, whose length is a multiple of the threads of a workgroup. */
export function chunksOf(size: number, most: number, least: number): Chunks {
  const wanted = Math.max(Math.ceil(size / most), least);
  const length = Math.ceil(wanted / THREADS) * THREADS;
  return {length, count: Math.ceil(size / length)};
}

/** The attributes and parameters of a `main` that runs one workgroup a chunk: `group` is its number, `thread` the one in it. */
export const wgslChunkMain = `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id.x;
`;

/**
 * WGSL: `scan_threads(thread, value)`, the sum of the values of a workgroup's earlier threads, always added in the same
 * order (Hillis and Steele 1986); `sum_threads()` is that of all, until the next call. Every thread must call it.
 */
export const wgslScanThreads = (
  type: "f32" | "i32" | "u32"
) => `var<workgroup> sums: array<${type}, ${THREADS}>;

fn scan_threads(thread: u32, value: ${type}) -> ${type} {
  workgroupBarrier();
  sums[thread] = value;
  workgroupBarrier();
  for (var step = 1u; step < ${THREADS}u; step *= 2u) {
    var sum = sums[thread];
    if (thread >= step) { sum = sums[thread - step] + sum; }
    workgroupBarrier();
    sums[thread] = sum;
    workgroupBarrier();
  }
  return select(${type}(0), sums[max(thread, 1u) - 1u], thread > 0u);
}

fn sum_threads() -> ${type} { return sums[${THREADS - 1}]; }
`;
