/**
 * Ticks of a logarithmic axis: powers of ten, with their double and fivefold or all multiples where that is few, at most
 * `most` in all. (uPlot's own begin at the end of the axis and do not come to an end for some.)
 */
export function logTicks(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  if (!Number.isFinite(first) || !Number.isFinite(last)) return [];
  const ticks = (factors: readonly number[], every: number): number[] => {
    const found: number[] = [];
    for (let power = first; power <= last; ++power) {
      if (power % every !== 0) continue;
      for (const factor of factors) {
        const tick = Number(`${factor}e${power}`);
        if (tick >= low && tick <= high) found.push(tick);
      }
    }
    return found;
  };
  for (const factors of [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1]]) {
    const found = ticks(factors, 1);
    if (found.length > 1 && found.length <= most) return found;
  }
  const decades = ticks([1], 1);
  if (decades.length > most) return ticks([1], Math.ceil(decades.length / most));
  return [low, high].map((end) => Number(end.toPrecision(3)));
}
