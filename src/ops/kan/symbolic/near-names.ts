// Which of some names somebody may have meant.

/** The names that are a few letters away from `name`, or hold it, nearest first; at most five. */
export function nearNames(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  return names
    .map((known) => ({known, far: distance(wanted, known.toLowerCase())}))
    .filter(({known, far}) => far <= Math.max(2, wanted.length / 2) || isPartOf(wanted, known.toLowerCase()))
    .sort((a, b) => a.far - b.far)
    .slice(0, 5)
    .map(({known}) => known);
}

function isPartOf(wanted: string, known: string): boolean {
  return wanted.length > 1 && known.length > 1 && (known.includes(wanted) || wanted.includes(known));
}

/** Letters to be put in, taken out or replaced (Levenshtein), over one row of the table. */
function distance(a: string, b: string): number {
  const row = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0] as number;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number;
      const replaced = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, above + 1, (row[j - 1] as number) + 1);
      diagonal = above;
    }
  }
  return row[b.length] as number;
}
