import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** What becomes of the losses of a batch's rows. */
export type Reduction = "mean" | "sum" | "none";

export interface CrossEntropyAttrs {
  /** Share of the target spread evenly over the classes. */
  labelSmoothing: number;
  reduction: Reduction;
}

/** Threads of the one workgroup that makes a sum. */
const THREADS = 128;

const rowsOf = ({logits, probabilities}: Specs) => (logits ?? probabilities)?.shape[0] ?? 0;
const classesOf = ({logits, probabilities}: Specs) => (logits ?? probabilities)?.shape[1] ?? 0;
const isHard = ({labels}: Specs) => labels?.shape.length === 1;
const shareOf = (specs: Specs, reduction: Reduction) =>
  reduction === "mean" ? 1 / Math.max(1, rowsOf(specs)) : 1;

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

const wgslOwn = `  let label = labels[r];
  if (label < 0 || label >= i32(args.classes)) { return args.missing; }
  let own = f32(label == i32(c));`;

const wgslTarget = (hard: boolean) => `fn target_at(r: u32, c: u32) -> f32 {
${hard ? wgslOwn : "  let own = labels[r * args.classes + c];"}
  return args.kept * own + args.spread;
}
`;

const wgslLoss = `fn loss_of(r: u32) -> f32 {
  let start = r * args.classes;
  var top = logits[start];
  for (var c = 1u; c < args.classes; c++) { top = max(top, logits[start + c]); }
  var sum = 0.0;
  for (var c = 0u; c < args.classes; c++) { sum += exp(logits[start + c] - top); }
  let log_sum = log(sum);
  var total = 0.0;
  for (var c = 0u; c < args.classes; c++) {
    let log_probability = logits[start + c] - top - log_sum;
    out1[start + c] = exp(log_probability);
    let wanted = target_at(r, c);
    // Not "if it is not zero": that is false for what is no number.
    if (wanted == 0.0) { continue; }
    total -= wanted * log_probability;
  }
  return total;
}
`;

const wgslReduce = `var<workgroup> partial: array<f32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var r = thread; r < args.rows; r += ${THREADS}u) { sum += loss_of(r); }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread > 0u) { return; }
  for (var other = 1u; other < ${THREADS}u; other++) { sum += partial[other]; }
  out0[0] = sum * args.share;
}`;

function uniforms(specs: Specs, {labelSmoothing, reduction}: CrossEntropyAttrs) {
  return {
    rows: {type: "u32", value: rowsOf(specs)},
    classes: {type: "u32", value: classesOf(specs)},
    kept: {type: "f32", value: 1 - labelSmoothing},
    spread: {type: "f32", value: labelSmoothing / classesOf(specs)},
    share: {type: "f32", value: shareOf(specs, reduction)},
    missing: {type: "f32", value: Number.NaN}
  } as const;
}

/**
 * Inputs logits [rows, classes], labels (int32 [rows] or float32 [rows, classes]); outputs the loss in nats, a scalar or
 * [rows], and the softmax, [rows, classes]. The largest logit is subtracted first, so that no exponential overflows; a
 * target of zero counts nothing, even where the logarithm is minus infinity.
 */
export const crossEntropyForward = defineKernel<CrossEntropyAttrs>({
  name: "PetriSoftmaxCrossEntropy",
  inputs: ["logits", "labels"],
  outputs: (specs, {reduction}) => [
    {shape: reduction === "none" ? [rowsOf(specs)] : [], dtype: "float32"},
    {shape: [rowsOf(specs), classesOf(specs)], dtype: "float32"}
  ],
  twin({logits, labels}, [losses, probabilities], {labelSmoothing, reduction}, specs) {
    const [x, y, loss, p] = [logits, labels, losses, probabilities] as [Values, Values, Values, Values];
    const classes = classesOf(specs);
    const hard = isHard(specs);
    let sum = 0;
    for (let r = 0; r < rowsOf(specs); ++r) {
      const start = r * classes;
      let top = -Infinity;
      for (let c = 0; c < classes; ++c) top = Math.max(top, x[start + c] as number);
      let exponentials = 0;
      for (let c = 0; c < classes; ++c) exponentials += Math.exp((x[start + c] as number) - top);
      const logSum = Math.log(exponentials) + top;
      let total = 0;
      for (let c = 0; c < classes; ++c) {
        const logProbability = (x[start + c] as number) - logSum;
        p[start + c] = Math.exp(logProbability);
        const target = targetAt(y, r, c, classes, hard, labelSmoothing);
        if (target !== 0) total -= target * logProbability;
      }
      sum += total;
      if (reduction === "none") loss[r] = total;
    }
    if (reduction !== "none") loss[0] = sum * shareOf(specs, reduction);
  },
  gpu(specs, attrs) {
    const hard = isHard(specs);
    const rowwise = attrs.reduction === "none";
    return {
      variant: `${hard ? "hard" : "soft"} ${rowwise ? "rows" : "sum"}`,
      code: () =>
        wgslTarget(hard) +
        wgslLoss +
        (rowwise ? flatMain("args.rows", "  out0[i] = loss_of(i);") : wgslReduce),
      uniforms: uniforms(specs, attrs),
      workgroups: rowwise ? flatWorkgroups(rowsOf(specs)) : [1, 1, 1]
    };
  }
});

/**
 * Inputs probabilities [rows, classes], labels, and dy, the gradient of what crossEntropyForward gave. Output: the gradient
 * of the logits, dy x share x (softmax x sum of targets - target).
 */
export const crossEntropyBackward = defineKernel<CrossEntropyAttrs>({
  name: "PetriSoftmaxCrossEntropyGrad",
  inputs: ["probabilities", "labels", "dy"],
  outputs: (specs) => [{shape: [rowsOf(specs), classesOf(specs)], dtype: "float32"}],
  twin({probabilities, labels, dy}, [grads], {labelSmoothing, reduction}, specs) {
    const [p, y, upstream, out] = [probabilities, labels, dy, grads] as [Values, Values, Values, Values];
    const classes = classesOf(specs);
    const hard = isHard(specs);
    const share = shareOf(specs, reduction);
    for (let r = 0; r < rowsOf(specs); ++r) {
      const weight = share * (upstream[reduction === "none" ? r : 0] as number);
      let sum = 0;
      for (let c = 0; c < classes; ++c) sum += targetAt(y, r, c, classes, hard, labelSmoothing);
      for (let c = 0; c < classes; ++c) {
        const i = r * classes + c;
        out[i] = weight * (sum * (p[i] as number) - targetAt(y, r, c, classes, hard, labelSmoothing));
      }
    }
  },
  gpu(specs, attrs) {
    const hard = isHard(specs);
    const each = attrs.reduction === "none";
    return {
      variant: `${hard ? "hard" : "soft"} ${each ? "rows" : "scalar"}`,
      code: () =>
        wgslTarget(hard) +
        flatMain(
          "args.rows",
          `  let start = i * args.classes;
  let weight = args.share * dy[${each ? "i" : "0"}];
  var sum = 0.0;
  for (var c = 0u; c < args.classes; c++) { sum += target_at(i, c); }
  for (var c = 0u; c < args.classes; c++) {
    out0[start + c] = weight * (sum * probabilities[start + c] - target_at(i, c));
  }`
        ),
      uniforms: uniforms(specs, attrs),
      workgroups: flatWorkgroups(rowsOf(specs))
    };
  }
});
