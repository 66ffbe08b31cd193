// Verdicts on methods that notebooks/forward-forward.html shows on MNIST, computed here from what was recorded.
import {readFileSync} from "node:fs";
import {expect, test} from "vitest";
import {systems} from "../../src/ops/systems.ts";

interface Row {
  case: string;
  metric: string;
  value: number;
}

const rows: Row[] = readFileSync("notebooks/data/forward-forward-mnist.jsonl", "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

/** The longest training of Forward-Forward, its units kept awake. */
const forwardForward = "forward-forward";

const toldOf = (method: string) => systems.find(({id}) => id === method)?.verdict;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
const held = (holds: boolean) => (holds ? "held" : "did not hold");
const seedsOf = (count: number) => `${count} ${count === 1 ? "seed" : "seeds"}`;

/** Values of a metric whose case begins so and is of some seed, in the order of the recording. */
const valuesOf = (metric: string, name: string) =>
  rows.filter((row) => row.metric === metric && row.case.startsWith(`${name}, `)).map(({value}) => value);

/** What an arm came to after its last step, a value for each seed. */
function ends(arm: string) {
  const errors = rows.flatMap((row) => {
    const step = row.metric === "test error" && row.case.match(`^${arm}, step (\\d+), seed`)?.[1];
    return step ? [{step: Number(step), value: row.value}] : [];
  });
  const steps = Math.max(...errors.map(({step}) => step));
  const values = errors.filter(({step}) => step === steps).map(({value}) => value);
  return {steps, seeds: values.length, error: mean(values)};
}

test("what the notebook says of errors on MNIST", () => {
  const forward = ends(forwardForward);
  const [alone, together] = [ends("forward-forward for 5 epochs"), ends("layer collaboration for 5 epochs")];
  const [backprop, mono] = [ends("backpropagation"), ends("mono-forward")];
  expect(alone.steps).toBe(together.steps);
  expect(alone.seeds).toBe(together.seeds);
  expect(backprop.steps).toBe(mono.steps);
  expect(backprop.seeds).toBe(mono.seeds);
  const goodness = mean(valuesOf("test error by goodness", forwardForward));
  const epochs = Math.round((forward.steps * 64) / 60_000);
  expect(toldOf("the-forward-forward-algorithm")).toContain(
    `; at most 2% test error on MNIST at 3 x 500: by goodness ${held(goodness <= 0.02)} (${percent(goodness)}), by the classifier ${held(forward.error <= 0.02)} (${percent(forward.error)}; ${epochs} epochs, ${seedsOf(forward.seeds)})`
  );
  expect(toldOf("mono-forward")).toBe(
    `within 0.3 points of backpropagation's test error at equal steps: ${held(mono.error <= backprop.error + 0.003)} (${percent(mono.error)} and ${percent(backprop.error)}; MNIST at 3 x 500, ${seedsOf(mono.seeds)})`
  );
  const [judged, judgedTogether] = ["forward-forward", "layer collaboration"].map((arm) =>
    mean(valuesOf("test error by goodness", `${arm} for 5 epochs`))
  ) as [number, number];
  const fewer = (own: number, other: number) => `${held(own < other)} (${percent(own)} and ${percent(other)}`;
  const [plain, plainTogether] = [ends("plain forward-forward"), ends("plain layer collaboration")];
  expect(plain.steps).toBe(together.steps);
  expect(plainTogether.steps).toBe(together.steps);
  expect([plain.seeds, plainTogether.seeds]).toEqual([together.seeds, together.seeds]);
  expect(toldOf("layer-collaboration-in-the-forward-forward-algorithm")).toBe(
    `fewer test errors than Forward-Forward at equal steps: with small numbers for goodness, the mean of squares, ${fewer(plainTogether.error, plain.error)}); with their sum and units kept awake, where both make fewer, by goodness ${fewer(judgedTogether, judged)}), by a classifier ${fewer(together.error, alone.error)}; MNIST at 3 x 500, 5 epochs, ${seedsOf(together.seeds)})`
  );
});

test("what the notebook says of representations on MNIST", () => {
  const sparsity = (arm: string) => mean(valuesOf("sparsity", arm));
  const [forward, backprop] = [sparsity(forwardForward), sparsity("backpropagation")];
  const goodness = sparsity("backpropagation of goodness");
  expect(toldOf("emergent-representations-in-networks-trained-with-the-forward")).toBe(
    `sparser than by backpropagation of the task (${backprop.toFixed(2)}): Forward-Forward ${held(forward > backprop)} (${forward.toFixed(2)}), backpropagation of goodness ${held(goodness > backprop)} (${goodness.toFixed(2)}; mean of three layers, MNIST)`
  );
});
