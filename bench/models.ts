import {spawn} from "node:child_process";
import {existsSync} from "node:fs";
import {join} from "node:path";
import {build} from "vite";
import {projectRoot} from "../src/cli/project.ts";
import type {Bench, Measurement} from "./measurement.ts";
import type {Recipe} from "./models/recipes.ts";
import type {Trained} from "./models/train.ts";

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

/** Bundles the training for Node, which cannot load the tensor library's modules as they are, and starts it in processes. */
async function bundled(name: string) {
  const outDir = join(projectRoot, ".petri/bench/models");
  await build({
    root: projectRoot,
    configFile: false,
    logLevel: "error",
    ssr: {noExternal: true},
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: "node20",
      rolldownOptions: {
        input: ["train", "recipes"].map((file) => join(projectRoot, `bench/models/${file}.ts`))
      }
    }
  });
  const {recipes} = (await import(join(outDir, "recipes.js"))) as {recipes: Record<string, Recipe>};
  const wasmFiles = join(projectRoot, "node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  return {
    recipe: recipes[name] as Recipe,
    train: (seed: number, steps: number) =>
      run([join(outDir, "train.js"), name, `${seed}`, `${steps}`, dataFolder, wasmFiles])
  };
}

function run(args: string[]): Promise<Trained> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {stdio: ["ignore", "pipe", 2]});
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const line = out.trim().split("\n").at(-1) ?? "";
      if (code === 0) resolve(JSON.parse(line) as Trained);
      else reject(new Error(`The training ended with ${code}: ${line}`));
    });
  });
}
