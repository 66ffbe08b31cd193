import {cp, mkdtemp, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {projectRoot} from "../../src/cli/project.ts";
import type {Bench, Measurement} from "../measurement.ts";
import {adapterOf, openWorkbench} from "../support/open-workbench.ts";

/** A row of a run, by key. */
type Row = Readonly<Record<string, number>>;

/** One experiment of a notebook: the button that starts it, the run's name, and what its rows say. */
interface Experiment {
  button: string;
  run: string;
  read(row: Row, all: readonly Row[]): Pick<Measurement, "case" | "metric" | "value" | "ratio">[];
}

/** Does what a reader does: opens a notebook on WebAssembly, presses its buttons, and reads what came out. */
const recording =
  (notebook: string, experiments: readonly Experiment[]): Bench =>
  async ({quick}) => {
    const folder = await mkdtemp(join(tmpdir(), "petri-recording-"));
    await cp(join(projectRoot, "notebooks"), folder, {recursive: true});
    if (quick) await makeSmaller(join(folder, `${notebook}.html`));
    const {profile, address, close} = await openWorkbench(folder);
    try {
      const tab = await profile.newPage();
      tab.setDefaultTimeout(0);
      await tab.goto(`${address}?backend=wasm#/notebook/${notebook}`);
      const measurements: Measurement[] = [];
      for (const {button, run, read} of experiments) {
        await tab.getByRole("button", {name: button}).click();
        await tab.getByRole("group", {name: `Training run ${run}`}).waitFor();
        const rows = await rowsOf(tab, run);
        const shared = {subject: "pruning", unit: "", against: "dense", adapter: await adapterOf(tab)};
        for (const row of rows)
          for (const figure of read(row, rows))
            measurements.push({
              ...shared,
              ...figure,
              better: figure.metric.includes("accuracy") ? "higher" : "lower"
            });
      }
      return measurements;
    } finally {
      await close();
      await rm(folder, {recursive: true});
    }
  };

/** One seed and one sparsity, two lengths of recipes. */
async function makeSmaller(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const smaller = text
    .replaceAll(/sparsities: \[[^\]]*\]/g, "sparsities: [0.9]")
    .replaceAll("lengths: [1, 2, 4, 8]", "lengths: [1, 2]")
    .replaceAll("seeds: 3", "seeds: 1")
    .replace('{label: "seeds", value: 3', '{label: "seeds", value: 1');
  await writeFile(file, smaller);
}

/** The rows of the last run of a name, when nothing is running any more. */
async function rowsOf(tab: Page, run: string): Promise<Row[]> {
  const cells = await tab.evaluate(
    async () => (await window.petri.settled()) as {cells: {id: number; error?: {message: string}}[]}
  );
  const failed = cells.cells.find(({error}) => error);
  if (failed) throw new Error(`Cell ${failed.id} failed: ${failed.error?.message}`);
  const found = await tab.evaluate(async (name) => {
    const rows = await window.petri.db.query(
      `SELECT step, key, value FROM metrics WHERE run_id = (SELECT arg_max(run_id, start_time) FROM runs WHERE name = '${name}') ORDER BY step`
    );
    return Array.from(rows as Iterable<{step: number | bigint; key: string; value: number}>, (row) => ({
      step: Number(row.step),
      key: row.key,
      value: row.value
    }));
  }, run);
  const steps = new Map<number, Record<string, number>>();
  for (const {step, key, value} of found) steps.set(step, {...steps.get(step), [key]: value});
  return [...steps.values()];
}

const rounded = (value: number | undefined) => Number((value ?? 0).toFixed(6));

const compared: Experiment = {
  button: "Run all of them",
  run: "sparse training compared",
  read({sparsity, seed, progress, step, ...accuracies}, all) {
    const dense = all.find((row) => row.seed === seed && row.dense !== undefined)?.dense as number;
    return Object.entries(accuracies).map(([method, value]) => ({
      case: `${method}, sparsity ${rounded(sparsity)}, seed ${seed}`,
      metric: "test accuracy",
      value,
      ratio: value / dense
    }));
  }
};

const lengths: Experiment = {
  button: "Train short and long",
  run: "recipes of several lengths",
  read(row, all) {
    const {sparsity, seed, length, labelSmoothing} = row;
    const same = (other: Row) =>
      other.seed === seed &&
      other.labelSmoothing === labelSmoothing &&
      other.sparsity === 0 &&
      other.length === 1;
    const dense = all.find(same) as Row;
    return (
      [
        ["training loss", "loss"],
        ["entropy", "entropy"],
        ["test accuracy", "testAccuracy"]
      ] as const
    ).map(([metric, key]) => ({
      case: `recipe of length ${length}, sparsity ${rounded(sparsity)}, label smoothing ${rounded(labelSmoothing)}, seed ${seed}`,
      metric,
      value: row[key] as number,
      ratio: (row[key] as number) / (dense[key] as number)
    }));
  }
};

const criteria: Experiment = {
  button: "Run all scores",
  run: "pruning criteria",
  read({sparsity, seed, dense = NaN, progress, step, ...accuracies}, all) {
    const [first] = all.filter((row) => row.seed === seed);
    const isFirst =
      first?.sparsity === sparsity && Object.keys(accuracies).every((key) => key in (first as Row));
    const whole = {case: `dense, sparsity 0, seed ${seed}`, metric: "test accuracy", value: dense, ratio: 1};
    const own = Object.entries(accuracies).map(([key, value]) => {
      const [score, kind] = key.split(", ");
      const name = `${score}, sparsity ${rounded(sparsity)}, seed ${seed}`;
      return {case: name, metric: `test accuracy, ${kind}`, value, ratio: value / dense};
    });
    return isFirst ? [whole, ...own] : own;
  }
};

/** The figures that the notebooks on sparse training and on criteria begin with; `--json` writes what lies in notebooks/data. */
export const recordings: Record<string, Bench> = {
  "sparse training": recording("sparse-training", [compared, lengths]),
  criteria: recording("pruning-criteria", [criteria])
};
