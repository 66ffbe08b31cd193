// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
// Stateless: word j of block i depends on (key, counter) alone, so a GPU thread and this loop make the same numbers.

// As signed integers: the engine multiplies those without leaving for floating point.
const M0 = 0xd2511f53 | 0;
const M1 = 0xcd9e8d57 | 0;
const W0 = 0x9e3779b9 | 0;
const W1 = 0xbb67ae85 | 0;

/** High 32 bits of the 64-bit product of two unsigned 32-bit words. */
export function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const cross = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/**
 * One block: four words from a 128-bit counter and a 64-bit key, written to `out` at `offset`.
 * `rounds` is 10 in every use; published known answers exist for 7 too.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
  offset = 0,
  rounds = 10
): void {
  const [c0, c1, c2, c3] = counter;
  block(c0, c1, c2, c3, key[0], key[1], out, offset, rounds);
}

/** Fills `out` with the words of the blocks with the counters (0, 0, 0, use), (1, 0, 0, use), ...; of the last as many as fit. */
export function philoxStream(key: readonly [number, number], use: number, out: Uint32Array): void {
  const [k0, k1] = key;
  const whole = out.length - (out.length % 4);
  for (let at = 0; at < whole; at += 4) block(at >>> 2, 0, 0, use, k0, k1, out, at, 10);
  const last = new Uint32Array(4);
  block(whole >>> 2, 0, 0, use, k0, k1, last, 0, 10);
  out.set(last.subarray(0, out.length - whole), whole);
}

function block(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  offset: number,
  rounds: number
): void {
  // The low words of numbers that may come unsigned.
  c0 |= 0;
  c2 |= 0;
  k0 |= 0;
  k1 |= 0;
  for (let round = 0; round < rounds; ++round) {
    const high0 = mulHigh(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low0 = Math.imul(M0, c0);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  out[offset] = c0;
  out[offset + 1] = c1;
  out[offset + 2] = c2;
  out[offset + 3] = c3;
}
