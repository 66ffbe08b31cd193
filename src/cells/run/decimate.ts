/**
 * Rows to draw of a long run, in order: in each of `buckets` equal stretches the rows where any column has its least or
 * greatest number, and the first and last of all, so that spikes stay. All rows when there are few.
 * One pass over each column; NaN is skipped.
 */
export function decimate(length: number, columns: readonly ArrayLike<number>[], buckets: number): number[] {
  if (length <= buckets * 2) return Array.from({length}, (_, i) => i);
  const keep = new Set<number>([0, length - 1]);
  for (const column of columns) {
    for (let bucket = 0; bucket < buckets; ++bucket) {
      const end = Math.floor(((bucket + 1) * length) / buckets);
      let least = -1;
      let greatest = -1;
      for (let i = Math.floor((bucket * length) / buckets); i < end; ++i) {
        const value = column[i] as number;
        if (Number.isNaN(value)) continue;
        if (least < 0 || value < (column[least] as number)) least = i;
        if (greatest < 0 || value > (column[greatest] as number)) greatest = i;
      }
      if (least >= 0) keep.add(least).add(greatest);
    }
  }
  return [...keep].sort((a, b) => a - b);
}
