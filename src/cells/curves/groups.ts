import type {CurveRun} from "../../tables/curve-runs.ts";
import {formatParam} from "../run/format.ts";
import type {CurvesView} from "./options.ts";

/** Runs that are drawn as one curve. */
export interface CurveGroup {
  /** Names the group for its colour, and for what a person hid. */
  id: string;
  label: string;
  runs: readonly CurveRun[];
}

const seed = "seed";

/** The names of parameters in which these runs differ (a missing one is another value), seed last. */
export function differingParams(runs: readonly CurveRun[]): string[] {
  const names = new Set(runs.flatMap(({params}) => [...params.keys()]));
  names.delete(seed);
  const differing = [...names].filter(
    (name) => new Set(runs.map(({params}) => params.get(name)?.text)).size > 1
  );
  return new Set(runs.map(seedOf)).size > 1 ? [...differing, seed] : differing;
}

/** The groups of some runs, in order of their first run; of a parameter in order of its values. */
export function groupRuns(runs: readonly CurveRun[], by: CurvesView["group"]): CurveGroup[] {
  if (by.by === "param") return byParam(runs, by.name);
  if (by.by === "seeds") return bySeeds(runs);
  const differing = differingParams(runs);
  return runs.map((run) => ({id: run.runId, label: labelOf(run, runs, differing), runs: [run]}));
}

function byParam(runs: readonly CurveRun[], name: string): CurveGroup[] {
  const groups = collect(runs, (run) => given(run, name)?.text ?? "");
  const first = ([, [run]]: [string, CurveRun[]]) => given(run as CurveRun, name)?.number ?? Number.NaN;
  const order = [...groups].sort((a, b) => first(a) - first(b) || 0);
  return order.map(([value, members]) => {
    const shown = given(members[0] as CurveRun, name);
    return {
      id: `${name}=${value}`,
      label: `${name} ${shown ? text(shown) : "not given"}`,
      runs: members
    };
  });
}

function bySeeds(runs: readonly CurveRun[]): CurveGroup[] {
  const settings = ({task, name, params}: CurveRun) =>
    JSON.stringify([
      task,
      name,
      [...params].filter(([key]) => key !== seed).map(([key, value]) => [key, value.text])
    ]);
  const groups = [...collect(runs, settings)];
  const firsts = groups.map(([, members]) => members[0] as CurveRun);
  const differing = differingParams(firsts).filter((name) => name !== seed);
  return groups.map(([id, members]) => ({
    id,
    label: labelOf(members[0] as CurveRun, firsts, differing),
    runs: members
  }));
}

function collect(runs: readonly CurveRun[], keyOf: (run: CurveRun) => string): Map<string, CurveRun[]> {
  const groups = new Map<string, CurveRun[]>();
  for (const run of runs) {
    const key = keyOf(run);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return groups;
}

/** What tells a run from the others: its name where names differ, its differing parameters; else when it began. */
function labelOf(run: CurveRun, among: readonly CurveRun[], differing: readonly string[]): string {
  const isNamed = new Set(among.map(({name}) => name)).size > 1 || differing.length === 0;
  const parts = differing.map((name) => `${name} ${shownValue(run, name)}`);
  const label = [...(isNamed ? [run.name] : []), ...parts].join(" · ");
  const alike = among.filter(
    (other) =>
      other.name === run.name && differing.every((name) => shownValue(other, name) === shownValue(run, name))
  );
  if (alike.length < 2) return label;
  return `${label} · ${alike.indexOf(run) + 1}`;
}

function shownValue(run: CurveRun, name: string): string {
  const value = given(run, name);
  return value ? text(value) : "–";
}

function given(run: CurveRun, name: string): {text: string; number: number | null} | undefined {
  const param = run.params.get(name);
  if (param || name !== seed) return param;
  return run.seed === null ? undefined : {text: String(run.seed), number: run.seed};
}

const seedOf = (run: CurveRun) => given(run, seed)?.text;

/** A boolean's number is 0 or 1, but it reads as a word. */
const text = (value: {text: string; number: number | null}): string =>
  formatParam(value.number !== null && value.text === String(value.number) ? value.number : value.text);
