import type {CurveAxis, Extent} from "../../tables/curves.ts";

export type {Extent};

/** The extent that covers both; null stands for nothing. */
export function join(a: Extent | null, b: Extent | null): Extent | null {
  if (!a || !b) return a ?? b;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

/** The name of an axis: charts with one name are looked at together. */
export function axisName(x: CurveAxis): string {
  return typeof x === "string" ? x : `metric ${x.key}`;
}
