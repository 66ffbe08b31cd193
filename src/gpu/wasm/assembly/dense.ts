import {loadPart, storePart} from "./vectors";

/** dy times the derivative of an activation, as a function of its value y: 0 linear, 1 relu, 2 tanh, 3 sigmoid, 4 elu. */
@inline
function slope(dy: v128, y: v128, activation: i32): v128 {
  const one = f32x4.splat(1);
  const isPositive = f32x4.gt(y, f32x4.splat(0));
  if (activation == 1) return v128.and(dy, isPositive);
  if (activation == 2) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(y, y)));
  if (activation == 3) return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(one, y));
  return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, one)), isPositive);
}

/** The sums of columns of dz = dy slope(y), and dz itself unless the activation is linear; dy and y [rows, units]. */
export function activationGrad(
  dy: usize, y: usize, sums: usize, dz: usize, rows: i32, units: i32, activation: i32
): void {
  memory.fill(sums, 0, <usize>units << 2);
  for (let row = 0; row < rows; ++row) {
    let at: usize = 0;
    const end = <usize>units << 2;
    for (; at + 16 <= end; at += 16) {
      let z = v128.load(dy + at);
      if (activation != 0) {
        z = slope(z, v128.load(y + at), activation);
        v128.store(dz + at, z);
      }
      v128.store(sums + at, f32x4.add(v128.load(sums + at), z));
    }
    const rest = <i32>(end - at) >> 2;
    if (rest > 0) {
      let z = loadPart(dy + at, rest);
      if (activation != 0) {
        z = slope(z, loadPart(y + at, rest), activation);
        storePart(dz + at, z, rest);
      }
      storePart(sums + at, f32x4.add(loadPart(sums + at, rest), z), rest);
    }
    dy += end;
    y += end;
    dz += end;
  }
}
