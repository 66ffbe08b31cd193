/** A kernel was given a shape, a type or an option that it cannot take. The message says what to pass. */
export class KernelError extends Error {
  override name = "KernelError";
}

/** Throws unless `value` is a whole number in [low, high]. */
export function checkWhole(name: string, value: number, low: number, high = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
  throw new KernelError(`${name} must be a whole number ${range}, got ${String(value)}.`);
}

/** Throws unless the tensor has that many dimensions and one of those types. */
export function checkTensor(
  name: string,
  {shape, dtype}: {shape: readonly number[]; dtype: string},
  rank: number,
  types: readonly string[] = ["float32"]
): void {
  if (shape.length === rank && types.includes(dtype)) return;
  const wanted = `${types.join(" or ")} with ${rank} dimension${rank === 1 ? "" : "s"}`;
  throw new KernelError(`${name} must be ${wanted}, got ${dtype} [${shape.join(", ")}].`);
}
