/** Threads of a workgroup. */
const THREADS = 128;
/** So many rounds over its rows one workgroup makes rather than have a second dispatch add up the sums of several. */
const ROUNDS_OF_ONE = 4;
const MOST_GROUPS = 1024;

/** What the code varies by. */
export interface CrossEntropyLayout {
  /** Labels are class numbers, not distributions. */
  isHard: boolean;
  /** The losses are wanted row by row, not their sum. */
  isRowwise: boolean;
  hasSlopes: boolean;
  /** Threads that share a row. */
  share: number;
}

/** Threads that share a row: neighbours read neighbouring classes. */
export const rowShare = (classes: number) => (classes <= 32 ? 1 : classes <= 256 ? 8 : 32);

/** Workgroups: for a sum one as long as it takes few rounds. */
export function crossEntropyGroups(rows: number, classes: number, isRowwise: boolean): number {
  const rounds = Math.ceil((rows * rowShare(classes)) / THREADS);
  return rounds <= ROUNDS_OF_ONE && !isRowwise ? 1 : Math.min(rounds, MOST_GROUPS);
}

const wgslTarget = (isHard: boolean) => `fn target_at(r: u32, c: u32) -> f32 {
${
  isHard
    ? `  let label = labels[r];
  if (label < 0 || label >= i32(args.classes)) { return args.missing; }
  let own = f32(label == i32(c));`
    : "  let own = labels[r * args.classes + c];"
}
  return args.kept * own + args.spread;
}
`;

/** exp and log are free to lose what is no number, which is told by its bits. */
const WGSL_SAFE = `fn lost(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn safe_exp(x: f32) -> f32 { return select(exp(x), x, lost(x)); }
fn safe_log(x: f32) -> f32 { return select(log(x), x, lost(x)); }
`;

/** `largest` and `added` of what the threads of a row have, in order; a thread alone has all there is. */
const wgslJoin = (share: number) =>
  share === 1
    ? `fn largest(x: f32, thread: u32) -> f32 { return x; }
fn added(x: vec2f, thread: u32) -> vec2f { return x; }
`
    : `fn collected(x: vec2f, thread: u32) -> u32 {
  workgroupBarrier();
  parts[thread] = x;
  workgroupBarrier();
  return thread / ${share}u * ${share}u;
}
fn largest(x: f32, thread: u32) -> f32 {
  let first = collected(vec2f(x, 0.0), thread);
  var top = parts[first].x;
  for (var i = 1u; i < ${share}u; i++) { top = max(top, parts[first + i].x); }
  return top;
}
fn added(x: vec2f, thread: u32) -> vec2f {
  let first = collected(x, thread);
  var sum = parts[first];
  for (var i = 1u; i < ${share}u; i++) { sum += parts[first + i]; }
  return sum;
}
`;

const wgslSlopes = (share: number) => `
    for (var c = lane; c < args.classes && isRow; c += ${share}u) {
      let probability = safe_exp(logits[start + c] - top - log_sum);
      out1[start + c] = args.weight * (joined.y * probability - target_at(r, c));
    }`;

const wgslTotal = `
  workgroupBarrier();
  parts[thread] = vec2f(total, 0.0);
  workgroupBarrier();
  if (thread > 0u) { return; }
  for (var other = 1u; other < ${THREADS}u; other++) { total += parts[other].x; }
  out0[group.x] = total * args.partWeight;`;

/** Loss, and slopes where they are wanted, of the rows of each workgroup; and the sum of its losses, in order. */
export function crossEntropyCode({isHard, isRowwise, hasSlopes, share}: CrossEntropyLayout): string {
  const rows = THREADS / share;
  return `${wgslTarget(isHard)}${WGSL_SAFE}var<workgroup> parts: array<vec2f, ${THREADS}>;
${wgslJoin(share)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let lane = thread % ${share}u;
  var total = 0.0;
  for (var first = group.x * ${rows}u; first < args.rows; first += groups.x * ${rows}u) {
    let r = first + thread / ${share}u;
    let isRow = r < args.rows;
    let start = min(r, args.rows - 1u) * args.classes;
    var own_top = logits[start];
    for (var c = lane; c < args.classes; c += ${share}u) { own_top = max(own_top, logits[start + c]); }
    let top = largest(own_top, thread);
    var own_sum = 0.0;
    for (var c = lane; c < args.classes; c += ${share}u) { own_sum += safe_exp(logits[start + c] - top); }
    let log_sum = safe_log(added(vec2f(own_sum, 0.0), thread).x);
    // Loss, and sum of the targets.
    var own = vec2f(0.0);
    for (var c = lane; c < args.classes && isRow; c += ${share}u) {
      let wanted = target_at(r, c);
      // Not "if it is not zero": that is false for what is no number.
      if (wanted == 0.0) { continue; }
      own += vec2f(-wanted * (logits[start + c] - top - log_sum), wanted);
    }
    let joined = added(own, thread);${hasSlopes ? wgslSlopes(share) : ""}
    if (isRow && lane == 0u) { ${isRowwise ? "out0[r] = joined.x;" : "total += joined.x;"} }
  }${isRowwise ? "" : wgslTotal}
}`;
}
