/** Four words of 32 bits, low first, as Arrow keeps a number of 128 bits. */
type Words = ArrayLike<number>;

/** The whole number of 128 bits that begins at word `at`. */
export function wholeNumber(words: Words, at = 0): bigint {
  let x = 0n;
  for (let i = 3; i >= 0; i--) x = (x << 32n) | BigInt(words[at + i] >>> 0);
  return BigInt.asIntN(128, x);
}

/** The same as a number, null where that would not be exact. */
export function safeNumber(words: Words, at: number): number | null {
  const high = words[at + 1] | 0;
  const sign = high < 0 ? -1 : 0;
  if ((words[at + 2] | 0) !== sign || (words[at + 3] | 0) !== sign) return null;
  const x = high * 2 ** 32 + (words[at] >>> 0);
  return Number.isSafeInteger(x) ? x : null;
}

/** The decimal that begins at word `at`, as the nearest number. */
export function decimalNumber(words: Words, at: number, scale: number): number {
  const x = safeNumber(words, at);
  return x !== null && scale <= 22 ? x / 10 ** scale : Number(`${wholeNumber(words, at)}e-${scale}`);
}
