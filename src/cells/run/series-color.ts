import {parseMetric} from "./metric-names.ts";

/** How many hues series.css has. */
const hues = 8;
/** Train and test have their own in every chart; other series share the rest. */
const reserved = 2;
const notebooks = new Map<string, Map<string, number>>();

/**
 * The hue of a series as a CSS colour: the same in every chart of a notebook, light and dark. A quantity measured on
 * training and on held-out data is blue and orange; any other series gets the next free hue at its first use.
 */
export function seriesColor(notebook: string, name: string, paired: boolean): string {
  if (paired) return `var(--series-${parseMetric(name).split === "test" ? 2 : 1})`;
  const taken = notebooks.get(notebook) ?? new Map<string, number>();
  notebooks.set(notebook, taken);
  const index = taken.get(name) ?? taken.size;
  taken.set(name, index);
  return `var(--series-${reserved + 1 + (index % (hues - reserved))})`;
}
