import {pipelineFor} from "../shader.ts";
import type {Place} from "./layout.ts";
import {boundOperands, mergedWorkgroups, type Step} from "./merge.ts";
import {packedHeadBytes, packedWgsl} from "./packed-shader.ts";
import type {Memory} from "./recording.ts";
import type {UniformUse} from "./uniforms.ts";

/** A kernel that does the work of all runs in one dispatch. */
export interface PackedKernel {
  pipeline: GPUComputePipeline;
  workgroups: readonly [number, number, number];
  head: NonNullable<UniformUse["head"]>;
}

const MOST_WORKGROUPS = 65_535;
/** Texts of packed shaders, by key and number of runs; undefined where one cannot be had. */
const texts = new Map<string, string | undefined>();

/** The packed form of a step, if it has one: of a kernel of ours whose code could be rewritten. */
export function packedKernel(
  step: Step,
  runs: number,
  device: GPUDevice,
  placeOf: (memory: Memory) => Place | undefined
): PackedKernel | undefined {
  if (step.kind === "copy") return undefined;
  const {shader} = step.kind === "merged" ? step.first : step;
  const [x, y, depth] = step.kind === "merged" ? mergedWorkgroups(step) : step.workgroups;
  if (!shader || depth * runs > MOST_WORKGROUPS) return undefined;
  const operands = boundOperands(step);
  const strides = operands.map(({memory}) => placeOf(memory)?.stride ?? 0);
  const most = device.limits.maxStorageBufferBindingSize;
  if (operands.some(({bytes}, i) => bytes + (runs - 1) * (strides[i] as number) > most)) return undefined;
  const key = `${shader.key} x${runs}`;
  if (!texts.has(key)) texts.set(key, packedWgsl(shader, runs));
  const text = texts.get(key);
  if (text === undefined) return undefined;
  const elements = shader.bindings.map(
    ({element}, i) => (strides[i] as number) / (element === "vec4f" ? 16 : 4)
  );
  return {
    pipeline: pipelineFor(device, key, () => text),
    workgroups: [x, y, depth * runs],
    head: {words: [depth, ...elements], bytes: packedHeadBytes(shader)}
  };
}
