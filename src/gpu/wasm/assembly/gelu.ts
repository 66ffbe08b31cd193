// The usual approximation of x Phi(x): x / 2 (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
import {tanh4} from "./exponential";
import {loadSome, storeSome} from "./vectors";

const ROOT: f32 = 0.7978845608028654;

@inline
function inner(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  return f32x4.mul(f32x4.splat(ROOT), f32x4.add(x, f32x4.mul(f32x4.splat(0.044715), cube)));
}

export function geluTanh(x: usize, y: usize, size: i32): void {
  const end = <usize>size << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const count = <i32>(end - at) >> 2;
    const z = loadSome(x + at, count);
    const half = f32x4.mul(z, f32x4.splat(0.5));
    storeSome(y + at, f32x4.mul(half, f32x4.add(f32x4.splat(1), tanh4(inner(z)))), count);
  }
}

/** dy times (1 + tanh u) / 2 + x / 2 (1 - tanh^2 u) du/dx. */
export function geluTanhGrad(dy: usize, x: usize, dx: usize, size: i32): void {
  const end = <usize>size << 2;
  const one = f32x4.splat(1);
  for (let at: usize = 0; at < end; at += 16) {
    const count = <i32>(end - at) >> 2;
    const z = loadSome(x + at, count);
    const t = tanh4(inner(z));
    const steep = f32x4.add(one, f32x4.mul(f32x4.splat(0.134145), f32x4.mul(z, z)));
    const bend = f32x4.mul(f32x4.mul(z, f32x4.sub(one, f32x4.mul(t, t))), f32x4.mul(f32x4.splat(ROOT), steep));
    const slope = f32x4.mul(f32x4.splat(0.5), f32x4.add(f32x4.add(one, t), bend));
    storeSome(dx + at, f32x4.mul(loadSome(dy + at, count), slope), count);
  }
}
