import {webGpuBackend} from "../../../src/gpu/tfjs-webgpu.ts";

const CHAINS = 8;
const THREADS = 64;
/** Enough for the largest GPUs; software adapters only take longer. */
const GROUPS = 2048;
/** Long enough for a clock, short enough for a machine's watchdog. */
const ENOUGH_MS = 60;

const chains = Array.from({length: CHAINS}, (_, i) => `s${i}`);
const CODE = `@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@group(0) @binding(1) var<uniform> args: vec4f;

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(args.x);
  let term = vec4f(f32(id.x)) * args.y;
${chains.map((s, i) => `  var ${s} = term + ${i}.0;`).join("\n")}
  for (var i = 0u; i < u32(args.z); i++) {
${chains.map((s) => `    ${s} = fma(${s}, factor, term);`).join("\n")}
  }
  out[id.x] = dot(${chains.join(" + ")}, vec4f(1.0));
}`;

/**
 * The GFLOP/s of the adapter in multiply-adds on registers, two operations each: chains of vec4f that wait for nobody. The
 * best of several rounds.
 */
export async function measurePeak(): Promise<number> {
  const device = webGpuBackend()?.device;
  if (!device) throw new Error("The peak is measured on webgpu.");
  const module = device.createShaderModule({code: CODE});
  const pipeline = device.createComputePipeline({layout: "auto", compute: {module, entryPoint: "main"}});
  const out = device.createBuffer({size: 4 * THREADS * GROUPS, usage: GPUBufferUsage.STORAGE});
  const args = device.createBuffer({size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST});
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [out, args].map((buffer, binding) => ({binding, resource: {buffer}}))
  });
  const time = async (rounds: number): Promise<number> => {
    device.queue.writeBuffer(args, 0, new Float32Array([0.5, 1e-6, rounds, 0]));
    await device.queue.onSubmittedWorkDone();
    const startedAt = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(GROUPS);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - startedAt;
  };
  let rounds = 16;
  await time(rounds);
  while ((await time(rounds)) < ENOUGH_MS) rounds *= 2;
  const times = [await time(rounds), await time(rounds), await time(rounds), await time(rounds)];
  for (const buffer of [out, args]) buffer.destroy();
  return (2 * 4 * CHAINS * rounds * THREADS * GROUPS) / Math.min(...times) / 1e6;
}
