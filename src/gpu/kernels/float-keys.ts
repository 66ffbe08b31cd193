// Floats as whole numbers of 32 bits in the same order.

/** What is compared: |x|, or x itself. */
export type Ranking = "magnitude" | "value";

/** Above every key: that of nothing chosen. */
const NOTHING = 0xffffffff;

/** A float's place in the order, as a whole number: what is no number comes before all others. */
export function keyOf(bits: number, by: Ranking): number {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0;
  if (by === "magnitude") return magnitude + 1;
  if (magnitude === 0) return 0x80000000;
  return (bits >>> 31 === 1 ? ~bits : bits | 0x80000000) >>> 0;
}

const WGSL_KEYS: Record<Ranking, string> = {
  magnitude: "magnitude + 1u",
  value: "select(select(bits | 0x80000000u, ~bits, bits > 0x7fffffffu), 0x80000000u, magnitude == 0u)"
};

/** WGSL: `key_at(i)`, the key of element i of x. */
export const wgslKey = (by: Ranking) => `fn key_at(i: u32) -> u32 {
  let bits = bitcast<u32>(x[i]);
  let magnitude = bits & 0x7fffffffu;
  return select(${WGSL_KEYS[by]}, 0u, magnitude > 0x7f800000u);
}
`;

/** The bits of the float that has a key; those of infinity for the one above all, of NaN for the lowest. */
export function bitsOfKey(key: number, by: Ranking): number {
  if (key === 0) return 0x7fc00000;
  if (key === NOTHING) return 0x7f800000;
  if (by === "magnitude") return key - 1;
  return (key >= 0x80000000 ? key ^ 0x80000000 : ~key) >>> 0;
}

const WGSL_BITS: Record<Ranking, string> = {
  magnitude: "key - 1u",
  value: "select(~key, key ^ 0x80000000u, key >= 0x80000000u)"
};

/** WGSL: the same. */
export const wgslBitsOfKey = (by: Ranking) => `fn bits_of_key(key: u32) -> u32 {
  if (key == 0u) { return 0x7fc00000u; }
  if (key == ${NOTHING}u) { return 0x7f800000u; }
  return ${WGSL_BITS[by]};
}
`;
