import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {crossEntropyCode, crossEntropyGroups, rowShare} from "./softmax-cross-entropy-wgsl.ts";

/** What becomes of the losses of a batch's rows. */
export type Reduction = "mean" | "sum" | "none";

export interface CrossEntropyAttrs {
  /** Share of the target spread evenly over the classes. */
  labelSmoothing: number;
  reduction: Reduction;
  /** A gradient will be wanted: the slopes are made on the way. */
  hasSlopes: boolean;
}

const rowsOf = ({logits, slopes}: Specs) => (logits ?? slopes)?.shape[0] ?? 0;
const classesOf = ({logits, slopes}: Specs) => (logits ?? slopes)?.shape[1] ?? 0;
const isHard = ({labels}: Specs) => labels?.shape.length === 1;
const weightOf = (specs: Specs, reduction: Reduction) =>
  reduction === "mean" ? 1 / Math.max(1, rowsOf(specs)) : 1;
const u32 = (value: number) => ({type: "u32", value}) as const;
const f32 = (value: number) => ({type: "f32", value}) as const;

/** The target of class `c` in row `r`, for labels as numbers or as distributions; NaN where a number is no class. */
function targetAt(
  labels: Values,
  r: number,
  c: number,
  classes: number,
  hard: boolean,
  smoothing: number
): number {
  if (!hard) return (1 - smoothing) * (labels[r * classes + c] as number) + smoothing / classes;
  const label = labels[r] as number;
  if (label < 0 || label >= classes) return Number.NaN;
  return (label === c ? 1 - smoothing : 0) + smoothing / classes;
}

/** Workgroups that make sums of losses, one each; on webgpu alone there is more than one. */
export const partsOf = (specs: Specs, {reduction}: CrossEntropyAttrs) =>
  reduction === "none" ? 1 : crossEntropyGroups(rowsOf(specs), classesOf(specs), false);

/**
 * Inputs logits [rows, classes], labels (int32 [rows] or float32 [rows, classes]). Outputs: the losses in nats, [rows], or their sums
 * by groups of rows, [parts], or, where `parts` is 1, the sum or the mean of all, a scalar; and, if `hasSlopes`, the gradient of the logits for an
 * upstream gradient of 1, [rows, classes]: (softmax x sum of targets - target), by the number of rows for the mean. The
 * largest logit is subtracted first, so that no exponential overflows; a target of zero counts nothing, even where the
 * logarithm is minus infinity.
 */
defineKernel<CrossEntropyAttrs & {parts: number}>({
  name: "PetriCrossEntropyParts",
  inputs: ["logits", "labels"],
  outputs: (specs, {reduction, parts, hasSlopes}) => [
    {shape: reduction === "none" ? [rowsOf(specs)] : parts > 1 ? [parts] : [], dtype: "float32"},
    ...(hasSlopes ? [{shape: [rowsOf(specs), classesOf(specs)], dtype: "float32"} as const] : [])
  ],
  twin({logits, labels}, [losses, slopes], {labelSmoothing, reduction}, specs) {
    const [x, y, loss] = [logits, labels, losses] as [Values, Values, Values];
    const classes = classesOf(specs);
    const hard = isHard(specs);
    const weight = weightOf(specs, reduction);
    let sum = 0;
    for (let r = 0; r < rowsOf(specs); ++r) {
      const start = r * classes;
      let top = -Infinity;
      for (let c = 0; c < classes; ++c) top = Math.max(top, x[start + c] as number);
      let exponentials = 0;
      for (let c = 0; c < classes; ++c) exponentials += Math.exp((x[start + c] as number) - top);
      const logSum = Math.log(exponentials) + top;
      let [total, wanted] = [0, 0];
      for (let c = 0; c < classes; ++c) {
        const target = targetAt(y, r, c, classes, hard, labelSmoothing);
        wanted += target;
        if (target !== 0) total -= target * ((x[start + c] as number) - logSum);
      }
      for (let c = 0; slopes && c < classes; ++c) {
        const target = targetAt(y, r, c, classes, hard, labelSmoothing);
        slopes[start + c] = weight * (wanted * Math.exp((x[start + c] as number) - logSum) - target);
      }
      sum += total;
      if (reduction === "none") loss[r] = total;
    }
    if (reduction !== "none") loss[0] = sum * weight;
  },
  gpu(specs, {labelSmoothing, reduction, hasSlopes, parts}) {
    const [rows, classes] = [rowsOf(specs), classesOf(specs)];
    const layout = {
      isHard: isHard(specs),
      isRowwise: reduction === "none",
      hasSlopes,
      share: rowShare(classes)
    };
    return {
      variant: Object.values(layout).join(),
      code: () => crossEntropyCode(layout),
      uniforms: {
        rows: u32(rows),
        classes: u32(classes),
        kept: f32(1 - labelSmoothing),
        spread: f32(labelSmoothing / classes),
        weight: f32(weightOf(specs, reduction)),
        // Parts are weighed when they are added up.
        partWeight: f32(parts > 1 ? 1 : weightOf(specs, reduction)),
        missing: f32(Number.NaN)
      },
      workgroups: [reduction === "none" ? crossEntropyGroups(rows, classes, true) : parts, 1, 1]
    };
  }
});

const THREADS = 128;

/** The sum of some numbers times a weight, a scalar: by one workgroup, in the same order every time. */
defineKernel<{weight: number}>({
  name: "PetriSumOfParts",
  inputs: ["parts"],
  outputs: () => [{shape: [], dtype: "float32"}],
  twin({parts}, [total], {weight}) {
    (total as Values)[0] = weight * (parts as Float32Array).reduce((sum, part) => sum + part, 0);
  },
  gpu: ({parts}, {weight}) => ({
    variant: "",
    code: () => `var<workgroup> sums: array<f32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < args.count; i += ${THREADS}u) { sum += parts[i]; }
  sums[thread] = sum;
  workgroupBarrier();
  if (thread > 0u) { return; }
  for (var other = 1u; other < ${THREADS}u; other++) { sum += sums[other]; }
  out0[0] = sum * args.weight;
}`,
    uniforms: {count: u32(parts?.shape[0] ?? 0), weight: f32(weight)},
    workgroups: [1, 1, 1]
  })
});

/**
 * The gradient of the logits, [rows, classes]: `slopes` times dy, the gradient of what was made of the losses, a scalar or
 * [rows].
 */
export const scaleSlopes = defineKernel<object>({
  name: "PetriSoftmaxCrossEntropyGrad",
  inputs: ["slopes", "dy"],
  outputs: (specs) => [{shape: [rowsOf(specs), classesOf(specs)], dtype: "float32"}],
  twin({slopes, dy}, [grads], _attrs, specs) {
    const [slope, upstream, out] = [slopes, dy, grads] as [Values, Values, Values];
    const classes = classesOf(specs);
    const isRowwise = specs.dy?.shape.length === 1;
    for (let i = 0; i < out.length; ++i) {
      out[i] = (slope[i] as number) * (upstream[isRowwise ? Math.floor(i / classes) : 0] as number);
    }
  },
  gpu(specs) {
    const isRowwise = specs.dy?.shape.length === 1;
    const size = rowsOf(specs) * classesOf(specs);
    return {
      variant: isRowwise ? "rows" : "scalar",
      code: () =>
        flatMain("args.size", `  out0[i] = slopes[i] * dy[${isRowwise ? "i / args.classes" : "0"}];`),
      uniforms: {size: u32(size), classes: u32(classesOf(specs))},
      workgroups: flatWorkgroups(size)
    };
  }
});
