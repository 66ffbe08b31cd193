import type {Bench, Measurement} from "../measurement.ts";
import {bundledForNode} from "../support/bundled-for-node.ts";
import type {FormTiming, OrderTimings} from "./time-orders.ts";

const FORMS = {recursive: "recursion", matrix: "matrix form", fused: "fused kernel"} as const;

/** Every order at one batch, the forms in turns. */
const atBatch =
  (batch: number, rounds: number): Bench =>
  async ({quick}) => {
    const {run} = await bundledForNode("kan-orders", ["bench/kan/time-orders.ts"]);
    const measured = quick ? [2, 10] : [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    const {adapter, layer, timings} = await run<OrderTimings>(
      [quick ? 2 : rounds, batch, ...measured].map(String)
    );
    return timings.flatMap((timing) => {
      const recursion = timings.find(({order, form}) => order === timing.order && form === "recursive");
      const shared = {subject: "kan", case: `${layer}, batch ${batch}, order ${timing.order}`, adapter};
      return rowsOf(timing, recursion as FormTiming).map((row) => ({...shared, ...row}));
    });
  };

/**
 * Processor time against the order of splines, on wasm in Node: one layer by Cox and de Boor's recursion, in the matrix form (MatrixKAN) and by the
 * fused kernel, as far as it goes. `notebooks/data/matrix-kan.jsonl` is what they printed.
 */
export const orders: Record<string, Bench> = {
  "orders of splines, batch 256": atBatch(256, 15),
  "orders of splines, batch 1024": atBatch(1024, 3)
};

type Row = Omit<Measurement, "subject" | "case" | "adapter">;

function rowsOf(timing: FormTiming, recursion: FormTiming): Row[] {
  const {form, difference, gradientDifference} = timing;
  const time = (metric: string, of: "forward" | "both"): Row => ({
    metric: `${FORMS[form]}, ${metric}`,
    value: timing[of],
    unit: "ms",
    against: form === "recursive" ? "" : FORMS.recursive,
    ratio: form === "recursive" ? null : timing[of] / recursion[of],
    better: "lower"
  });
  const error = (metric: string, value: number, against: string): Row => ({
    metric: `${FORMS[form]}, ${metric}`,
    value,
    unit: "",
    against,
    ratio: null,
    better: "lower"
  });
  return [
    time("forward", "forward"),
    time("forward and backward", "both"),
    error("largest difference of outputs", difference, "float64"),
    ...(form === "recursive"
      ? []
      : [error("largest difference of gradients, relative", gradientDifference, FORMS.recursive)])
  ];
}
