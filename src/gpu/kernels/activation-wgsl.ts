import type {FusedActivation} from "./activation-grad.ts";

const VALUES: Record<FusedActivation, string> = {
  linear: "x",
  // Not max, which may drop what is no number.
  relu: "select(x, vec4f(0.0), x < vec4f(0.0))",
  // Adapters may compute it of exponentials, which overflow; beyond 15 it is 1 to the last bit.
  tanh: "tanh(clamp(x, vec4f(-15.0), vec4f(15.0)))",
  sigmoid: "1.0 / (1.0 + exp(-x))",
  elu: "select(exp(x) - 1.0, x, x > vec4f(0.0))"
};

const SLOPES: Record<FusedActivation, string> = {
  linear: "dy",
  relu: "select(vec4f(0.0), dy, y > vec4f(0.0))",
  tanh: "dy * (1.0 - y * y)",
  sigmoid: "dy * y * (1.0 - y)",
  elu: "select(dy * (y + 1.0), dy, y > vec4f(0.0))"
};

/** WGSL: `activate(x)` of four sums. NaN stays NaN, told by its bits: exp and the compiler are free to lose it. */
export const wgslActivate = (activation: FusedActivation) => `fn activate(x: vec4f) -> vec4f {
  let magnitude = bitcast<vec4u>(x) & vec4u(0x7fffffffu);
  return select(${VALUES[activation]}, x, magnitude > vec4u(0x7f800000u));
}
`;

/** WGSL: `slope(dy, y)`, four gradients of values y times the derivative, as gradients of the sums before the activation. */
export const wgslSlope = (activation: FusedActivation) => `fn slope(dy: vec4f, y: vec4f) -> vec4f {
  return ${SLOPES[activation]};
}
`;
