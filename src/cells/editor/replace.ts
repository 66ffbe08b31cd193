/** The smallest single replacement that turns one text into another, so that carets outside it stay where they are. */
export function replacement(
  before: string,
  after: string
): {from: number; to: number; insert: string} | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) ++start;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) ++end;
  return {from: start, to: before.length - end, insert: after.slice(start, after.length - end)};
}
