import {toCell, toNotebook} from "@observablehq/notebook-kit";
import {Runtime, type Variable} from "@observablehq/runtime";
import {NotebookSession} from "../src/runtime/session.ts";
import type {Cell, CellOutput} from "../src/runtime/types.ts";
import type {Bench, Measurement} from "./measurement.ts";

const SIZE = 1000;

/** A cell `x<i>` as the names it reads; the first reads none, the last is the one that is waited for. */
type Shape = (i: number) => number[];

const shapes: Record<string, Shape> = {
  chain: (i) => [i - 1],
  "fan-out": (i) => (i < SIZE - 1 ? [0] : range(1, SIZE - 1)),
  // Rows of ten, each cell of which reads the two above it.
  diamond: (i) => (i < 10 ? [0] : [i - 10, i - 10 + ((i + 1) % 10) - (i % 10)])
};

/** From an edit of the first cell to the value of the last: the session with all it does, and the bare runtime. */
export const dataflow: Bench = async ({quick}) => {
  const rounds = quick ? 40 : 200;
  const measurements: Measurement[] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    const [ours, bare] = [await openSession(shape), await openBare(shape)];
    const times: [number[], number[]] = [[], []];
    for (let round = -5; round < rounds; round++) {
      // In turns, so that both see the same machine; the first rounds are for the compiler.
      const pair = [await ours(round), await bare(round)];
      if (round < 0) continue;
      times[0].push(pair[0]);
      times[1].push(pair[1]);
    }
    // The fastest rounds: whatever else the machine does only adds to a round.
    const [value, peer] = times.map((each) => Math.min(...each));
    measurements.push({
      subject: "runtime",
      case: `${name} of 1,000 cells`,
      metric: "edit to recomputed",
      value,
      unit: "ms",
      against: "@observablehq/runtime",
      ratio: value / peer,
      better: "lower",
      adapter: ""
    });
  }
  return measurements;
};

/** Edits the first cell and resolves to the milliseconds until the last has its new value. */
type Edit = (round: number) => Promise<number>;

async function openSession(shape: Shape): Promise<Edit> {
  let done: (value: unknown) => void = () => {};
  const silent = () => {};
  const output: CellOutput = {pending: silent, clear: silent, error: silent, display: (value) => done(value)};
  let cells: Cell[] = range(0, SIZE).map((i) => {
    const value = i === SIZE - 1 ? sum(shape(i)) : `const x${i} = ${i === 0 ? 0 : sum(shape(i))};`;
    return toCell({id: i + 1, value});
  });
  const session = new NotebookSession({
    notebook: toNotebook({cells}),
    createOutput: () => output,
    builtins: {},
    importModule: () => Promise.reject(new Error("no modules in this bench")),
    input: (element) => element
  });
  await session.run();
  await session.settled();
  return async (round) => {
    const value = new Promise((resolve) => {
      done = resolve;
    });
    const start = performance.now();
    cells = cells.with(0, {...cells[0], value: `const x0 = ${round};`});
    session.update(cells);
    void session.run([1]);
    await value;
    const time = performance.now() - start;
    await session.settled();
    return time;
  };
}

async function openBare(shape: Shape): Promise<Edit> {
  let done: () => void = () => {};
  const runtime = new Runtime();
  const module = runtime.module();
  const variables: Variable[] = range(0, SIZE).map((i) => {
    const inputs = i === 0 ? [] : shape(i).map((j) => `x${j}`);
    const observer = {fulfilled: () => i === SIZE - 1 && done()};
    return module
      .variable(observer)
      .define(`x${i}`, inputs, (...values: number[]) => values.reduce((a, b) => a + b, 0));
  });
  await module.value(`x${SIZE - 1}`);
  return async (round) => {
    const value = new Promise<void>((resolve) => {
      done = resolve;
    });
    const start = performance.now();
    variables[0].define("x0", [], () => round);
    await value;
    return performance.now() - start;
  };
}

function sum(indices: number[]): string {
  return indices.map((i) => `x${i}`).join(" + ");
}

function range(start: number, end: number): number[] {
  return Array.from({length: end - start}, (_, i) => start + i);
}
