import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {forEachFeature, rowsKernel, wgslRowSum} from "./rows-wgsl.ts";

export interface GoodnessAttrs {
  /** So many rows come first that shall be good; all others shall be bad. */
  positives: number;
  /** The goodness that is neither. */
  threshold: number;
  /** The goodness is so many times the sum of squares: 1, or one over the units for their mean. */
  share: number;
  /** Rows are divided by sqrt(spread x sum of squares) + epsilon: their root mean square, or their length; 0 and 1 leave them. */
  spread: number;
  epsilon: number;
}

const rowsOf = ({z}: Specs) => z?.shape[0] ?? 0;
const unitsOf = ({z}: Specs) => z?.shape[1] ?? 0;

/**
 * What the forward-forward algorithm makes of a layer's activations z [rows, units] (after Hinton, arXiv:2212.13345), a row at a
 * time: with g = share sum z^2 and t = threshold - g - extra for rows that shall be good, minus that for others, the loss of a
 * row is log(1 + e^t), and their mean is made small. Inputs z and, if some of the logit comes from elsewhere, `extra` [rows].
 * Outputs: the normalised rows y [rows, units], g [rows], factors [rows] such that factor x y is the gradient of the mean of the
 * losses by z, and the losses [rows].
 */
export const goodnessRows = defineKernel<GoodnessAttrs>({
  name: "PetriGoodnessRows",
  inputs: ["z", "extra"],
  outputs: (specs) => {
    const perRow = () => ({shape: [rowsOf(specs)], dtype: "float32"}) as const;
    return [{shape: [rowsOf(specs), unitsOf(specs)], dtype: "float32"}, perRow(), perRow(), perRow()];
  },
  twin({z, extra}, outputs, {positives, threshold, share, spread, epsilon}, specs) {
    const [values, [y, goodness, factors, losses]] = [
      z as Values,
      outputs as [Values, Values, Values, Values]
    ];
    const [rows, units] = [rowsOf(specs), unitsOf(specs)];
    for (let row = 0; row < rows; ++row) {
      const start = row * units;
      let sum = 0;
      for (let i = start; i < start + units; ++i) sum += (values[i] as number) ** 2;
      const divisor = Math.sqrt(spread * sum) + epsilon;
      for (let i = start; i < start + units; ++i) y[i] = (values[i] as number) / divisor;
      const side = row < positives ? -1 : 1;
      const t = side * (share * sum - threshold + ((extra?.[row] as number | undefined) ?? 0));
      goodness[row] = share * sum;
      factors[row] = ((2 * side * share * divisor) / rows) * (1 / (1 + Math.exp(-t)));
      losses[row] = Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
    }
  },
  gpu(specs, {positives, threshold, share, spread, epsilon}) {
    const f32 = (value: number) => ({type: "f32", value}) as const;
    const [rows, features] = [rowsOf(specs), unitsOf(specs)];
    return rowsKernel({
      rows,
      features,
      variant: specs.extra ? "extra" : "",
      helpers: wgslRowSum,
      uniforms: {
        positives: {type: "u32", value: positives},
        threshold: f32(threshold),
        share: f32(share),
        spread: f32(spread),
        epsilon: f32(epsilon)
      },
      body: `  var squares = 0.0;
${forEachFeature("squares += z[i] * z[i];")}
  let sum = row_sum(thread, vec2f(squares, 0.0)).x;
  if (own >= args.rows) { return; }
  let divisor = sqrt(args.spread * sum) + args.epsilon;
${forEachFeature("out0[i] = z[i] / divisor;")}
  if (lane == 0u) {
    let side = select(1.0, -1.0, row < args.positives);
    let t = side * (args.share * sum - args.threshold${specs.extra ? " + extra[row]" : ""});
    let small = exp(-abs(t));
    let chance = select(small, 1.0, t > 0.0) / (1.0 + small);
    // What is no number stays none: exp and max are free to lose it.
    let isLost = (bitcast<u32>(t) & 0x7fffffffu) > 0x7f800000u;
    out1[row] = args.share * sum;
    out2[row] = select(2.0 * side * args.share * divisor / f32(args.rows) * chance, t, isLost);
    out3[row] = select(max(t, 0.0) + log(1.0 + small), t, isLost);
  }`
    });
  }
});
