// The usual approximation of x Phi(x), x / 2 (1 + tanh(u)) with u = sqrt(2 / pi) (x + 0.044715 x^3), written as x s with s the
// logistic function of 2 u: nothing cancels there.
import {sigmoid4} from "./exponential";
import {loadSome, storeSome} from "./vectors";

const TWICE_ROOT: f32 = 1.5957691216057308;

/** s of x, whose square is known. */
@inline
function share(x: v128, square: v128): v128 {
  const curved = f32x4.add(f32x4.splat(TWICE_ROOT), f32x4.mul(f32x4.splat(0.07135481627260025), square));
  return sigmoid4(f32x4.mul(x, curved));
}

export function geluTanh(x: usize, y: usize, size: i32): void {
  const end = <usize>size << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const count = <i32>(end - at) >> 2;
    const z = loadSome(x + at, count);
    storeSome(y + at, f32x4.mul(z, share(z, f32x4.mul(z, z))), count);
  }
}

/** dy (s + x s (1 - s) 2 u'). */
export function geluTanhGrad(dy: usize, x: usize, dx: usize, size: i32): void {
  const end = <usize>size << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const count = <i32>(end - at) >> 2;
    const z = loadSome(x + at, count);
    const square = f32x4.mul(z, z);
    const s = share(z, square);
    const steep = f32x4.add(f32x4.splat(TWICE_ROOT), f32x4.mul(f32x4.splat(0.21406444881780074), square));
    const bend = f32x4.mul(f32x4.mul(z, f32x4.sub(f32x4.splat(1), s)), steep);
    const slope = f32x4.mul(s, f32x4.add(f32x4.splat(1), bend));
    storeSome(dx + at, f32x4.mul(loadSome(dy + at, count), slope), count);
  }
}
