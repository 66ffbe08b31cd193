const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The source line (1-based) of each generated line, from the `mappings` of a source map (version 3). */
export function decodeLines(mappings: string): number[] {
  let line = 0;
  let last = 1;
  return mappings.split(";").map((segments) => {
    let first: number | null = null;
    for (const segment of segments.split(",")) {
      const [, , delta] = decodeVlq(segment);
      if (delta === undefined) continue;
      line += delta;
      first ??= line;
    }
    if (first !== null) last = first + 1;
    return last;
  });
}

/** Base-64 variable-length quantities: five bits a digit, the lowest first, the sign in the lowest bit. */
function decodeVlq(text: string): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    values.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return values;
}
