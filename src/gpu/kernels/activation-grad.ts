import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";

/** The nonlinearities that a dense layer fuses: those whose derivative follows from their value. */
export type FusedActivation = "linear" | "relu" | "tanh" | "sigmoid" | "elu";

/** dy times the derivative, from dy and the value y: in JavaScript and in WGSL. */
const DERIVATIVES: Record<FusedActivation, {value: (dy: number, y: number) => number; wgsl: string}> = {
  linear: {value: (dy) => dy, wgsl: "dy[at]"},
  relu: {value: (dy, y) => (y > 0 ? dy : 0), wgsl: "select(0.0, dy[at], y[at] > 0.0)"},
  tanh: {value: (dy, y) => dy * (1 - y * y), wgsl: "dy[at] * (1.0 - y[at] * y[at])"},
  sigmoid: {value: (dy, y) => dy * y * (1 - y), wgsl: "dy[at] * y[at] * (1.0 - y[at])"},
  elu: {
    value: (dy, y) => (y > 0 ? dy : dy * (y + 1)),
    wgsl: "select(dy[at] * (y[at] + 1.0), dy[at], y[at] > 0.0)"
  }
};

/** The derivative of an activation as a function of its value: dy times it. */
export const activationSlope = (activation: FusedActivation) => DERIVATIVES[activation].value;

const rowsOf = ({dy}: Specs) => dy?.shape[0] ?? 0;
const unitsOf = ({dy}: Specs) => dy?.shape[1] ?? 0;

/**
 * Back through the activation and the bias of a dense layer at once. Inputs dy and the layer's output y, both
 * [rows, units]; outputs the gradient of the bias [units] and, unless the activation is linear, of the sum before the
 * activation [rows, units]. Every column is summed by one thread in order: the same bits every time.
 */
export const activationGrad = defineKernel<{activation: FusedActivation}>({
  name: "PetriActivationGrad",
  inputs: ["dy", "y"],
  outputs: (specs, {activation}) => {
    const bias = {shape: [unitsOf(specs)], dtype: "float32"} as const;
    return activation === "linear"
      ? [bias]
      : [bias, {shape: [rowsOf(specs), unitsOf(specs)], dtype: "float32"}];
  },
  twin({dy, y}, [bias, sums], {activation}, specs) {
    const [upstream, db] = [dy, bias] as [Values, Values];
    const units = unitsOf(specs);
    db.fill(0);
    if (!sums || !y) {
      for (let i = 0, u = 0; i < upstream.length; ++i, u = u + 1 === units ? 0 : u + 1) {
        db[u] = (db[u] as number) + (upstream[i] as number);
      }
      return;
    }
    const {value} = DERIVATIVES[activation];
    for (let i = 0, u = 0; i < upstream.length; ++i, u = u + 1 === units ? 0 : u + 1) {
      const dz = value(upstream[i] as number, y[i] as number);
      sums[i] = dz;
      db[u] = (db[u] as number) + dz;
    }
  },
  gpu(specs, {activation}) {
    return {
      variant: activation,
      code: () =>
        flatMain(
          "args.units",
          `  var sum = 0.0;
  for (var r = 0u; r < args.rows; r++) {
    let at = r * args.units + i;
    let dz = ${DERIVATIVES[activation].wgsl};
    ${activation === "linear" ? "" : "out1[at] = dz;"}
    sum += dz;
  }
  out0[i] = sum;`
        ),
      uniforms: {rows: {type: "u32", value: rowsOf(specs)}, units: {type: "u32", value: unitsOf(specs)}},
      workgroups: flatWorkgroups(unitsOf(specs))
    };
  }
});
