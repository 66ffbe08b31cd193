/** Loads the last `count` < 4 numbers of a row, and zeros after them. */
@inline
export function loadPart(at: usize, count: i32): v128 {
  let x = f32x4.splat(0);
  if (count > 0) x = f32x4.replace_lane(x, 0, load<f32>(at));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(at, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(at, 8));
  return x;
}

@inline
export function storePart(at: usize, x: v128, count: i32): void {
  if (count > 0) store<f32>(at, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(x, 2), 8);
}

/** Loads four numbers, or the last `count` of a row. */
@inline
export function loadSome(at: usize, count: i32): v128 {
  return count >= 4 ? v128.load(at) : loadPart(at, count);
}

@inline
export function storeSome(at: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(at, x);
  else storePart(at, x, count);
}

@inline
export function sumOf(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3);
}
