import {existsSync} from "node:fs";
import {join} from "node:path";
import {projectRoot} from "../src/cli/project.ts";
import type {Trained} from "./kan-mnist/train.ts";
import type {Bench, Measurement} from "./measurement.ts";
import {bundledForNode} from "./support/bundled-for-node.ts";

/** MNIST lies beside the project, or where PETRI_DATA says. */
const dataFolder = process.env.PETRI_DATA ?? join(projectRoot, "../shared/data");

/** Steps of all trainings; of the B-splines' longer one; and of forms of the same functions, whose accuracy is known. */
const STEPS = {whole: 938, long: 2345, quick: 60, form: 25};

const titles = {
  mlp: "MLP",
  bspline: "B-splines",
  rbf: "Gaussian bumps",
  chebyshev: "Chebyshev polynomials",
  fourier: "cosines and sines",
  relu: "ReLU bumps",
  wavelet: "Mexican hats",
  recursive: "B-splines, recursive",
  matrix: "B-splines, matrix"
} as const;

type Name = keyof typeof titles;

interface Training {
  name: Name;
  steps: number;
}

/** What notebooks/kan-mnist.html shows: KANs of all bases and an MLP of about as many parameters on MNIST, on wasm in Node. */
const comparison: Bench = async ({quick}) => {
  if (!existsSync(dataFolder))
    throw new Error(`There is no folder ${dataFolder}: set PETRI_DATA to the one with mnist/.`);
  const {run} = await bundledForNode("kan-mnist", ["bench/kan-mnist/train.ts"]);
  const measurements: Measurement[] = [];
  let mlp: Figures | undefined;
  for (const training of trainings(quick)) {
    const {name, steps} = training;
    const trained = await run<Trained>([name, "0", `${steps}`, dataFolder]);
    const figures = {...trained, stepMs: (trained.cpuSeconds * 1000) / steps};
    mlp ??= figures;
    measurements.push(...rowsOf(training, figures, mlp));
  }
  return measurements;
};

export const kanMnist: Record<string, Bench> = {"KANs of all bases on MNIST": comparison};

function trainings(quick: boolean): Training[] {
  const names = Object.keys(titles) as Name[];
  const all = names.map((name) => ({name, steps: stepsOf(name, quick)}));
  return quick ? all : [...all, {name: "bspline", steps: STEPS.long}];
}

function stepsOf(name: Name, quick: boolean): number {
  if (name === "recursive" || name === "matrix") return STEPS.form;
  return quick ? STEPS.quick : STEPS.whole;
}

interface Figures extends Trained {
  /** Of the processor. */
  stepMs: number;
}

function rowsOf({name, steps}: Training, figures: Figures, mlp: Figures): Measurement[] {
  const row = (metric: string, figure: "accuracy" | "parameters" | "stepMs" | "bytes", unit: string) => ({
    subject: "kan-mnist",
    case: `${titles[name]}, ${steps.toLocaleString("en")} steps of 128, seed 0`,
    metric,
    value: figures[figure],
    unit,
    against: name === "mlp" ? "" : "MLP",
    ratio: figures[figure] / mlp[figure],
    better: figure === "accuracy" ? ("higher" as const) : ("lower" as const),
    adapter: figures.adapter
  });
  const costs = [
    row("a training step, processor time", "stepMs", "ms"),
    row("memory of a step", "bytes", "bytes")
  ];
  if (steps === STEPS.form) return costs;
  return [row("test accuracy", "accuracy", ""), row("parameters", "parameters", ""), ...costs];
}
