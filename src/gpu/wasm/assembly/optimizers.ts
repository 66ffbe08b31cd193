import {loadSome, storeSome} from "./vectors";

/** One step of Adam for `size` numbers; see ../../kernels/adam.ts for the formula. */
export function adam(
  param: usize,
  grad: usize,
  mu: usize,
  nu: usize,
  out: usize,
  nextMu: usize,
  nextNu: usize,
  size: i32,
  rate: f32,
  unbias: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  eps: f32,
  keep: f32
): void {
  const end = (<usize>size) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const count = <i32>(end - at) >> 2;
    const g = loadSome(grad + at, count);
    const p = loadSome(param + at, count);
    const m0 = loadSome(mu + at, count);
    const v0 = loadSome(nu + at, count);
    const m = f32x4.add(f32x4.mul(f32x4.splat(beta1), m0), f32x4.mul(f32x4.splat(rest1), g));
    const v = f32x4.add(f32x4.mul(f32x4.splat(beta2), v0), f32x4.mul(f32x4.splat(rest2), f32x4.mul(g, g)));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, f32x4.splat(unbias))), f32x4.splat(eps));
    const next = f32x4.sub(f32x4.mul(f32x4.splat(keep), p), f32x4.div(f32x4.mul(f32x4.splat(rate), m), root));
    storeSome(nextMu + at, m, count);
    storeSome(nextNu + at, v, count);
    storeSome(out + at, next, count);
  }
}
