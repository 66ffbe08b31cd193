import {existsSync} from "node:fs";
import {join} from "node:path";
import {projectRoot} from "../src/cli/project.ts";
import type {Trained} from "./kan-mnist/train.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {bundledForNode} from "./support/bundled-for-node.ts";

/** MNIST lies beside the project, or where PETRI_DATA says. */
const dataFolder = process.env.PETRI_DATA ?? join(projectRoot, "../shared/data");

/** Steps of all trainings; of the B-splines' longer one; and of those whose steps are timed. */
const STEPS = {whole: 938, long: 2345, quick: 60, timed: 25};

type Run = (name: string, steps: number) => Promise<Trained>;

const titles = {
  mlp: "MLP",
  bspline: "B-splines",
  recursive: "B-splines, recursive",
  matrix: "B-splines, matrix",
  rbf: "Gaussian bumps",
  chebyshev: "Chebyshev polynomials",
  fourier: "cosines and sines",
  relu: "ReLU bumps",
  wavelet: "Mexican hats",
  afKan: "AF-KAN"
} as const;

type Name = keyof typeof titles;

/** Forms of the same functions are timed and not trained. */
const FORMS: readonly Name[] = ["recursive", "matrix"];

/** What notebooks/kan-mnist.html shows: KANs of all bases and an MLP of about as many parameters on MNIST, on wasm in Node. */
const within =
  (measure: (run: Run, quick: boolean) => Promise<Measurement[]>): Bench =>
  async ({quick}) => {
    if (!existsSync(dataFolder))
      throw new Error(`There is no folder ${dataFolder}: set PETRI_DATA to the one with mnist/.`);
    const {run} = await bundledForNode("kan-mnist", ["bench/kan-mnist/train.ts"]);
    return measure((name, steps) => run<Trained>([name, "0", `${steps}`, dataFolder]), quick);
  };

async function accuracies(run: Run, quick: boolean): Promise<Measurement[]> {
  const names = (Object.keys(titles) as Name[]).filter((name) => !FORMS.includes(name));
  const trainings = names.map((name) => ({name, steps: quick ? STEPS.quick : STEPS.whole}));
  if (!quick) trainings.push({name: "bspline", steps: STEPS.long});
  const measurements: Measurement[] = [];
  let mlp: Trained | undefined;
  for (const {name, steps} of trainings) {
    const trained = await run(name, steps);
    mlp ??= trained;
    measurements.push(...rowsOf(name, steps, trained, mlp));
  }
  return measurements;
}

function rowsOf(name: Name, steps: number, trained: Trained, mlp: Trained): Measurement[] {
  const title = `${titles[name]}, ${steps.toLocaleString("en")} steps of 128, seed 0`;
  const row = (metric: string, figure: "accuracy" | "parameters" | "cpuSeconds", unit: string) => ({
    ...about(name, trained),
    case: title,
    metric,
    value: trained[figure],
    unit,
    ratio: trained[figure] / mlp[figure],
    better: figure === "accuracy" ? ("higher" as const) : ("lower" as const)
  });
  return [
    row("test accuracy", "accuracy", ""),
    row("parameters", "parameters", ""),
    row("training, processor time", "cpuSeconds", "s")
  ];
}

async function steps(run: Run): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  let mlp: Trained | undefined;
  for (const name of Object.keys(titles) as Name[]) {
    const timed = await run(name, STEPS.timed);
    mlp ??= timed;
    const shared = {...about(name, timed), case: titles[name], better: "lower" as const};
    measurements.push(
      {
        ...shared,
        metric: "a training step",
        value: timed.stepMs,
        unit: "ms",
        ratio: timed.stepMs / mlp.stepMs
      },
      {
        ...shared,
        metric: "memory of a step",
        value: timed.bytes,
        unit: "bytes",
        ratio: timed.bytes / mlp.bytes
      }
    );
  }
  return measurements;
}

const about = (name: Name, {adapter}: Trained) => ({
  subject: "kan-mnist",
  against: name === "mlp" ? "" : "MLP",
  adapter
});

export const kanMnist: Record<string, Bench> = {
  "what it comes to": within(accuracies),
  "what a step costs": within(steps)
};
