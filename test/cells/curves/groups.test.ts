import {expect, test} from "vitest";
import {curveStyles} from "../../../src/cells/curves/curve-style.ts";
import {differingParams, groupRuns} from "../../../src/cells/curves/groups.ts";
import {type CurvesOptions, parseOptions} from "../../../src/cells/curves/options.ts";
import type {CurveRun} from "../../../src/tables/curve-runs.ts";

function run(runId: string, params: Record<string, number | string>, seed = 0, name = "mlp"): CurveRun {
  const given = Object.entries(params).map(
    ([key, value]) => [key, {text: String(value), number: typeof value === "number" ? value : null}] as const
  );
  return {
    runId,
    name,
    status: "completed",
    startMs: 0,
    seed,
    task: "t",
    params: new Map(given),
    metrics: new Map()
  };
}

const labels = (runs: CurveRun[], by: Parameters<typeof groupRuns>[1]) =>
  groupRuns(runs, by).map(({label, runs}) => `${label} (${runs.length})`);

const sweep = [0.1, 0.01].flatMap((lr) =>
  [0, 1, 2].map((seed) => run(`${lr}/${seed}`, {lr, width: 64}, seed))
);

test("runs are told apart by what differs, and by nothing else", () => {
  expect(differingParams(sweep)).toEqual(["lr", "seed"]);
  expect(labels(sweep.slice(0, 2), {by: "run"})).toEqual(["seed 0 (1)", "seed 1 (1)"]);
  expect(labels([run("a", {lr: 1}), run("b", {})], {by: "run"})).toEqual(["lr 1 (1)", "lr – (1)"]);
  expect(labels([run("a", {}, 0, "mlp"), run("b", {}, 0, "cnn")], {by: "run"})).toEqual([
    "mlp (1)",
    "cnn (1)"
  ]);
});

test("runs that agree in everything are numbered", () => {
  expect(labels([run("a", {}), run("b", {})], {by: "run"})).toEqual(["mlp · 1 (1)", "mlp · 2 (1)"]);
});

test("runs that differ only in the seed are one group", () => {
  expect(labels(sweep, {by: "seeds"})).toEqual(["lr 0.1 (3)", "lr 0.01 (3)"]);
  expect(labels([...sweep, run("x", {lr: 0.1, width: 64}, 9, "cnn")], {by: "seeds"})).toHaveLength(3);
});

test("groups of a parameter are in order of its values", () => {
  expect(labels(sweep, {by: "param", name: "lr"})).toEqual(["lr 0.01 (3)", "lr 0.1 (3)"]);
  expect(labels([run("a", {kind: "true"}), run("b", {})], {by: "param", name: "kind"})).toEqual([
    "kind true (1)",
    "kind not given (1)"
  ]);
  expect(labels(sweep, {by: "param", name: "seed"})).toEqual(["seed 0 (2)", "seed 1 (2)", "seed 2 (2)"]);
});

test("curves keep their looks from chart to chart, and 24 together look different", () => {
  const ids = Array.from({length: 24}, (_, i) => `r${i}`);
  const looks = curveStyles("n", ids);
  expect(new Set([...looks.values()].map((look) => JSON.stringify(look))).size).toBe(24);
  expect(curveStyles("n", ["r5", "new"]).get("r5")).toEqual(looks.get("r5"));
  const [a, b] = [...curveStyles("n", ["r5", "new"]).values()];
  expect(a).not.toEqual(b);
  expect(curveStyles("n", [...ids, "one more"]).get("one more")).toBeDefined();
});

test("a hundred curves keep their looks when they are drawn again, and share each look evenly", () => {
  const ids = Array.from({length: 100}, (_, i) => `h${i}`);
  const looks = curveStyles("many", ids);
  expect(curveStyles("many", ids)).toEqual(looks);
  const counts = new Map<string, number>();
  for (const look of looks.values())
    counts.set(JSON.stringify(look), (counts.get(JSON.stringify(look)) ?? 0) + 1);
  expect([counts.size, Math.max(...counts.values())]).toEqual([24, 5]);
});

test("runs may be given as runs, ids or a condition", () => {
  const request = (runs: CurvesOptions["runs"]) => parseOptions({runs}, "here").request;
  expect(request([{record: {runId: "a"}}, "b", "a"])).toMatchObject({ids: ["a", "b"], notebook: null});
  expect(request("0199aaaabbbb7ccc8dddeeeeffff0000").ids).toEqual(["0199aaaabbbb7ccc8dddeeeeffff0000"]);
  expect(request("seed > 3").where?.strings).toEqual(["seed > 3"]);
  expect(request(undefined)).toMatchObject({ids: null, where: null, notebook: "here"});
  expect(parseOptions({notebook: null}, "here").request.notebook).toBeNull();
});

test("a band without a parameter is over seeds", () => {
  expect(parseOptions({band: "std"}, "n").view.group).toEqual({by: "seeds"});
  expect(parseOptions({band: "std", group: "lr"}, "n").view.group).toEqual({by: "param", name: "lr"});
  expect(parseOptions({}, "n").view.group).toEqual({by: "run"});
});

test.each([
  [{smoothing: 1}, /smoothing to be a number from 0 to less than 1, got 1/],
  [{metrics: []}, /metrics to be the name of a metric/],
  [{band: "sd"}, /band to be "minmax", "std" or "none", got "sd"/],
  [{runs: [1]}, /runs or their ids, got 1/],
  [{runs: 3}, /a condition in SQL, or a list of runs or ids, got 3/],
  [{metric: "loss"}, /no option "metric"; it has runs, metrics/]
])("%j is refused", (options, message) => {
  expect(() => parseOptions(options as CurvesOptions, "n")).toThrow(message);
});
