// WGSL of routers: a thread has a token.
import {flatMain} from "./flat.ts";
import {WGSL_BEATS} from "./top-k.ts";

interface RouteCode {
  hasBias: boolean;
  isSigmoid: boolean;
  isRenormalised: boolean;
}

/** exp of what is no number, or infinite, is any number: such values are told by their bits. */
const HELPERS = `fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u; }
fn is_lowest(x: f32) -> bool { return bitcast<u32>(x) == 0xff800000u; }
fn power(x: f32, top: f32) -> f32 { return select(exp(x - top), 0.0, is_lowest(x)); }
fn log_sigmoid(x: f32) -> f32 {
  let rest = exp(-abs(x));
  // log(1 + rest), exact where rest is small.
  let more = 1.0 + rest;
  return min(x, 0.0) - select(log(more) * rest / (more - 1.0), rest, more == 1.0);
}
fn sigmoid(x: f32) -> f32 {
  let rest = exp(-abs(x));
  return select(rest, 1.0, x >= 0.0) / (1.0 + rest);
}
`;

/** Probabilities of all experts, choice of k, weights of those. */
export function routeCode({hasBias, isSigmoid, isRenormalised}: RouteCode): string {
  const probabilities = isSigmoid
    ? `  for (var e = 0u; e < args.experts; e++) {
    let x = logits[first + e];
    out2[first + e] = select(sigmoid(x), args.missing, is_nan(x));
  }`
    : `  var top = logits[first];
  var isBroken = false;
  for (var e = 0u; e < args.experts; e++) {
    let x = logits[first + e];
    top = select(top, x, x > top);
    isBroken = isBroken || !(is_finite(x) || is_lowest(x));
  }
  isBroken = isBroken || is_lowest(top);
  var sum = 0.0;
  for (var e = 0u; e < args.experts; e++) { sum += power(logits[first + e], top); }
  for (var e = 0u; e < args.experts; e++) { out2[first + e] = select(power(logits[first + e], top) / sum, args.missing, isBroken); }`;
  const key = hasBias ? "out2[first + e] + bias[e]" : "logits[first + e]";
  return `${WGSL_BEATS}${HELPERS}${flatMain(
    "args.rows",
    `  let first = i * args.experts;
  let start = i * args.k;
${probabilities}
  var last = 0.0;
  var at = args.experts;
  for (var j = 0u; j < args.k; j++) {
    var best = 0.0;
    var winner = args.experts;
    for (var e = 0u; e < args.experts; e++) {
      let value = ${key};
      let isLeft = at == args.experts || beats(last, at, value, e);
      if (isLeft && (winner == args.experts || beats(value, e, best, winner))) {
        best = value;
        winner = e;
      }
    }
    out0[start + j] = i32(winner);
    ${isRenormalised ? "" : "out1[start + j] = out2[first + winner];"}
    last = best;
    at = winner;
  }
${isRenormalised ? renormalised(isSigmoid) : ""}`
  )}`;
}

/** A softmax over the chosen. */
const renormalised = (isSigmoid: boolean) => {
  const score = isSigmoid
    ? "log_sigmoid(logits[first + u32(out0[start + j])])"
    : "logits[first + u32(out0[start + j])]";
  return `  var most = 0.0;
  var isLost = ${isSigmoid ? "false" : "isBroken"};
  for (var j = 0u; j < args.k; j++) {
    let x = logits[first + u32(out0[start + j])];
    let score = ${score};
    most = select(score, max(most, score), j > 0u);
    isLost = isLost || ${isSigmoid ? "is_nan(x)" : "!(is_finite(x) || is_lowest(x))"};
  }
  isLost = isLost || is_lowest(most);
  var whole = 0.0;
  for (var j = 0u; j < args.k; j++) { whole += power(${score}, most); }
  for (var j = 0u; j < args.k; j++) { out1[start + j] = select(power(${score}, most) / whole, args.missing, isLost); }`;
};

/** The gradient of a token's logits. */
export function routeGradCode({isSigmoid, isRenormalised}: Omit<RouteCode, "hasBias">): string {
  const mean = isSigmoid
    ? ""
    : `  var mean = 0.0;
  for (var e = 0u; e < args.experts; e++) { mean += probabilities[first + e] * dp[first + e]; }
  ${isRenormalised ? "" : "for (var j = 0u; j < args.k; j++) { mean += weights[start + j] * dw[start + j]; }"}`;
  const part = isSigmoid
    ? "probabilities[first + e] * (1.0 - probabilities[first + e])"
    : "probabilities[first + e]";
  const middle = isRenormalised
    ? `  var middle = 0.0;
  for (var j = 0u; j < args.k; j++) { middle += weights[start + j] * dw[start + j]; }`
    : "";
  const own = !isRenormalised
    ? `${part} * dw[start + j]`
    : `weights[start + j] * (dw[start + j] - middle)${isSigmoid ? " * (1.0 - probabilities[first + e])" : ""}`;
  return `  let first = i * args.experts;
  let start = i * args.k;
${mean}
${middle}
  for (var e = 0u; e < args.experts; e++) { out0[first + e] = ${part} * (dp[first + e]${isSigmoid ? "" : " - mean"}); }
  for (var j = 0u; j < args.k; j++) {
    let e = u32(indices[start + j]);
    out0[first + e] += ${own};
  }`;
}
