const prime = 0x0000000001000000000000000000013bn;
const basis = 0x6c62272e07bb014262b821756295c58dn;
const encoder = new TextEncoder();

/**
 * A name of 32 hexadecimal digits that is the same for the same words, so that what is imported twice is known the second
 * time (FNV-1a with 128 bits; each word ends with a zero byte).
 */
export function stableId(...words: readonly (string | number)[]): string {
  let hash = basis;
  for (const byte of encoder.encode(words.map((word) => `${word}\0`).join(""))) {
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * prime);
  }
  return hash.toString(16).padStart(32, "0");
}
