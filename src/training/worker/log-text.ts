const maxText = 10_000;

/** What `log(...)` was given, as one line of text. */
export function logText(values: readonly unknown[]): string {
  const text = values.map(textOf).join(" ");
  return text.length > maxText ? `${text.slice(0, maxText)}… (${text.length} characters)` : text;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const {length} = value as Float32Array;
    const shown = Array.from((value as Float32Array).subarray(0, 8), String).join(", ");
    return `${value.constructor.name}(${length}) [${shown}${length > 8 ? ", …" : ""}]`;
  }
  if ("dataId" in value && "shape" in value) return `Tensor[${String(value.shape)}]`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle or a BigInt; its kind still says something.
    return String(value);
  }
}
