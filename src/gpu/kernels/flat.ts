import type {GpuKernel} from "../webgpu-dispatch.ts";

const SIZE = 64;
const MOST_WORKGROUPS = 65_535;

/** Workgroups for one thread an element; beyond 65,535 they go on in a second dimension. */
export function flatWorkgroups(size: number): GpuKernel["workgroups"] {
  const groups = Math.ceil(size / SIZE);
  const rows = Math.ceil(groups / MOST_WORKGROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

/** `fn main` that runs `body` with `i`, the element, for every i below `size` (an expression). */
export function flatMain(size: string, body: string): string {
  return `@compute @workgroup_size(${SIZE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * ${SIZE}u + thread;
  if (i >= ${size}) { return; }
${body}
}`;
}
