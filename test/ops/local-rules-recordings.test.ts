// What notebooks/local-rules.html begins with: every rule that the bench knows, on both data, with all seeds and all choices of the search.
import {readFileSync} from "node:fs";
import {describe, expect, test} from "vitest";
import {armsOf} from "../../bench/forward-forward-notebooks/local-rules/arms.ts";
import {DATA_SETS} from "../../bench/forward-forward-notebooks/local-rules/data-sets.ts";
import {solvedOf} from "../../bench/forward-forward-notebooks/local-rules/solved.ts";

interface Row {
  case: string;
  metric: string;
  value: number;
}

const recordings = [
  {data: DATA_SETS.digits, file: "local-rules", tested: 449, backprop: 0.95},
  {data: DATA_SETS.MNIST, file: "local-rules-mnist", tested: 10_000, backprop: 0.93}
];

describe.each(recordings)("the recording $file", ({data, file, tested, backprop}) => {
  const rows: Row[] = readFileSync(`notebooks/data/${file}.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const arms = Object.keys(armsOf(data));
  const solved = solvedOf(data);
  const rules = [...arms, ...Object.keys(solved)];
  const casesOf = (metric: string) => rows.filter((row) => row.metric === metric).map((row) => row.case);
  const endsOf = (rule: string) =>
    [0, 1, 2].map(
      (seed) =>
        rows.find((row) => row.metric === "test accuracy" && row.case === `${rule}, seed ${seed}`)?.value
    );

  test("has every rule once, with its parameters, its processor time and three seeds", () => {
    expect(casesOf("parameters")).toEqual(rules);
    expect(casesOf("processor time")).toEqual(rules.map((rule) => `all trainings of ${rule}`));
    expect(casesOf("time of a step against backpropagation")).toEqual(arms);
    expect(casesOf("test accuracy")).toEqual(
      rules.flatMap((rule) => [0, 1, 2].map((seed) => `${rule}, seed ${seed}`))
    );
  });

  test("has searched among the same six optimizers for every rule, and five values where equations are solved", () => {
    const optimizers = ["Adam 0.001", "Adam 0.003", "Adam 0.01", "SGD 0.001", "SGD 0.01", "SGD 0.1"];
    const choices = [
      ...arms.flatMap((rule) => optimizers.map((optimizer) => `${rule}, ${optimizer}`)),
      ...Object.entries(solved).flatMap(([rule, {option, values}]) =>
        values.map((value) => `${rule}, ${option} ${value}`)
      )
    ];
    expect(casesOf("held-out accuracy")).toEqual(choices);
  });

  test("tells shares of all test images, and backpropagation learned them", () => {
    for (const rule of rules)
      for (const share of endsOf(rule)) {
        const right = (share as number) * tested;
        expect(Math.abs(right - Math.round(right)), rule).toBeLessThan(0.02);
      }
    expect(Math.min(...(endsOf("backpropagation") as number[]))).toBeGreaterThan(backprop);
  });
});
