/** A text that is the same for the same filters: JSON with what JSON has no words for. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, x) =>
    typeof x === "bigint" || x === Infinity || x === -Infinity ? `${x}` : x
  );
}
