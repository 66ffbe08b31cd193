/** About how many bytes a value takes, for limits: exact for binary content, an estimate for the rest. */
export function sizeOf(value: unknown, seen = new Set<object>()): number {
  if (typeof value === "string") return 2 * value.length;
  if (typeof value !== "object" || value === null || seen.has(value)) return 8;
  seen.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if (typeof Blob !== "undefined" && value instanceof Blob) return value.size;
  const items = Array.isArray(value) ? value : Object.values(value);
  let sizeBytes = 16 + 8 * items.length;
  for (const item of items)
    if (typeof item === "object" || typeof item === "string") sizeBytes += sizeOf(item, seen);
  return sizeBytes;
}
