import type {Metric} from "./types.ts";

const heldOut = /^(?:test|val|valid|validation|eval)(?=[_A-Z]|$)_?/;
const training = /^train(?:ing)?(?=[_A-Z]|$)_?/;
/** Quantities that people look at first, in that order. */
const first = ["loss", "accuracy"];
/** Columns that say where a run is, not how it does; none is worth a curve. */
const counters: ReadonlySet<string> = new Set(["step", "epoch", "round", "progress", "totalSteps"]);
/** Those of them that a person wants to read. */
export const shownCounters = ["epoch", "round"] as const;

/** `testAccuracy`, `test_accuracy`, `valAccuracy` and `accuracy` are one quantity, measured on different data. */
export function parseMetric(name: string): Metric {
  const test = heldOut.test(name);
  const rest = name.replace(test ? heldOut : training, "");
  if (!rest) return {name, quantity: name, split: "train"};
  const quantity = /^[A-Z]{2}/.test(rest) ? rest : (rest[0]?.toLowerCase() ?? "") + rest.slice(1);
  return {name, quantity, split: test ? "test" : "train"};
}

/** `testAccuracy` as a person says it: "test accuracy". */
export function metricLabel(name: string): string {
  return name
    .replace(/[_-]+/g, " ")
    .replace(/([a-z\d])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
    .trim();
}

/** Metrics by quantity: loss, accuracy, then the others as they came; train before test; no counters. */
export function groupMetrics(names: Iterable<string>): Map<string, Metric[]> {
  const groups = new Map<string, Metric[]>();
  for (const quantity of first) groups.set(quantity, []);
  for (const name of names) {
    if (counters.has(name)) continue;
    const metric = parseMetric(name);
    const group = groups.get(metric.quantity);
    if (group) group.push(metric);
    else groups.set(metric.quantity, [metric]);
  }
  for (const [quantity, metrics] of groups) {
    if (!metrics.length) groups.delete(quantity);
    metrics.sort((a, b) => Number(a.split === "test") - Number(b.split === "test"));
  }
  return groups;
}
