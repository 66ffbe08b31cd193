import {existsSync} from "node:fs";
import {join} from "node:path";
import {projectRoot} from "../src/cli/project.ts";
import type {Bench, Measurement} from "./measurement.ts";
import type {Recipe} from "./models/recipes.ts";
import type {Trained} from "./models/train.ts";
import {bundledForNode} from "./support/bundled-for-node.ts";

/** MNIST and the text lie beside the project, or where PETRI_DATA says. */
const dataFolder = process.env.PETRI_DATA ?? join(projectRoot, "../shared/data");

/**
 * Trains a model of the zoo with each of three seeds, on wasm in Node, and compares what it comes to on the test data with
 * what is wanted. The budget is printed: steps, seconds, and seconds of the processor.
 */
const trainings =
  (name: string): Bench =>
  async ({quick}) => {
    if (!existsSync(dataFolder))
      throw new Error(`There is no folder ${dataFolder}: set PETRI_DATA to the one with mnist/ and text/.`);
    const {train, recipe} = await bundled(name);
    const steps = quick ? recipe.quickSteps : recipe.steps;
    const measurements: Measurement[] = [];
    for (const seed of quick ? [0] : [0, 1, 2])
      measurements.push(...rowsOf(recipe, steps, seed, await train(seed, steps)));
    return measurements;
  };

/** By the names of the parts. */
export const models: Record<string, Bench> = Object.fromEntries(
  ["lenet-300-100", "lenet5", "char-transformer"].map((name) => [name, trainings(name)])
);

function rowsOf(
  recipe: Recipe,
  steps: number,
  seed: number,
  {figure, seconds, cpuSeconds, adapter}: Trained
): Measurement[] {
  const {title, batchSize, metric, unit, target} = recipe;
  const shared = {
    subject: "models",
    case: `${title}, ${steps.toLocaleString("en")} steps of ${batchSize}, seed ${seed}`,
    better: "lower",
    adapter
  } as const;
  const time = {...shared, unit: "s", against: "", ratio: null};
  return [
    {...shared, metric, value: figure, unit, against: `${target} ${unit} wanted`, ratio: figure / target},
    {...time, metric: "training", value: seconds},
    {...time, metric: "training, processor time", value: cpuSeconds}
  ];
}

/** The training in processes of its own, and the recipe. */
async function bundled(name: string) {
  const {folder, run} = await bundledForNode("models", ["bench/models/train.ts", "bench/models/recipes.ts"]);
  const {recipes} = (await import(join(folder, "recipes.js"))) as {recipes: Record<string, Recipe>};
  return {
    recipe: recipes[name] as Recipe,
    train: (seed: number, steps: number) => run<Trained>([name, `${seed}`, `${steps}`, dataFolder])
  };
}
