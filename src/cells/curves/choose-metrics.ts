import type {CurveRun} from "../../tables/curve-runs.ts";
import {groupMetrics} from "../run/metric-names.ts";

/** More charts than these are asked for by name. */
const most = 4;

/** The metrics to draw of some runs: those that at least half as many runs have as have the commonest; loss first, then accuracy. */
export function chooseMetrics(runs: readonly CurveRun[]): string[] {
  const counts = new Map<string, number>();
  for (const {metrics} of runs) for (const key of metrics.keys()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const common = Math.max(0, ...counts.values()) / 2;
  return chooseKeys([...counts].filter(([, count]) => count >= common).map(([key]) => key));
}

/** Of these metrics the first to look at. */
export function chooseKeys(keys: readonly string[]): string[] {
  return [...groupMetrics(keys).values()]
    .flat()
    .map(({name}) => name)
    .slice(0, most);
}
