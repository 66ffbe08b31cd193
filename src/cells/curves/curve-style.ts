/** How a curve looks, so that it is known without its colour too. */
export interface CurveStyle {
  /** A CSS colour. */
  color: string;
  /** Pixels drawn and left out in turn; empty for a whole line. */
  dash: readonly number[];
}

/** How many hues series.css has. */
const hues = 8;
const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 2.5]];
const styleCount = hues * dashes.length;

const notebooks = new Map<string, Map<string, number>>();

/**
 * The looks of curves that are shown together, by id: the same in every chart of a notebook as far as that goes, and no
 * two alike among the first 24.
 */
export function curveStyles(notebook: string, ids: readonly string[]): Map<string, CurveStyle> {
  const known = notebooks.get(notebook) ?? new Map<string, number>();
  notebooks.set(notebook, known);
  const used = new Set<number>();
  const fresh: [id: string, position: number][] = [];
  for (const [position, id] of ids.entries()) {
    const index = known.get(id);
    // With more curves than looks some have to share one.
    const isTaken = index !== undefined && used.has(index % styleCount) && used.size < styleCount;
    if (index === undefined || isTaken) fresh.push([id, position]);
    else used.add(index % styleCount);
  }
  let next = 0;
  for (const [id, position] of fresh) {
    while (used.has(next) && next < styleCount) ++next;
    known.set(id, next < styleCount ? next : position);
    used.add(next);
  }
  return new Map(ids.map((id) => [id, style(known.get(id) as number)]));
}

function style(index: number): CurveStyle {
  return {
    color: `var(--series-${1 + (index % hues)})`,
    dash: dashes[Math.floor(index / hues) % dashes.length] as readonly number[]
  };
}
