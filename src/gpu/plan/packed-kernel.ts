import {isSoftware} from "../kernels/autotune.ts";
import {pipelineFor, type Shader} from "../shader.ts";
import type {Place} from "./layout.ts";
import {boundOperands, boundUniform, mergedWorkgroups, type Step, shaderOf} from "./merge.ts";
import {type Hosts, packedHeadBytes, packedWgsl} from "./packed-shader.ts";
import type {Binding, Memory} from "./recording.ts";
import type {UniformUse} from "./uniforms.ts";

/** A kernel that does the work of all runs in one dispatch. */
export interface PackedKernel {
  pipeline: GPUComputePipeline;
  workgroups: readonly [number, number, number];
  /** What it binds, of all runs. */
  operands: readonly Binding[];
  head: NonNullable<UniformUse["head"]>;
}

/** An operand in its place. */
interface Placed {
  operand: Binding;
  place: Place;
  name: string;
  /** Bytes of an element of the array as it is declared. */
  unit: number;
  isWritten: boolean;
}

const MOST_WORKGROUPS = 65_535;
/**
 * An adapter that computes on the CPU takes as long to find the run's numbers and arrays as to compute with a quad: where
 * one run has more workgroups, that is more than what sixteen dispatches take.
 */
const MANY_FLAT_WORKGROUPS = 256;
/** Texts of packed shaders by key; undefined where one cannot be had. */
const texts = new Map<string, string | undefined>();

/** The packed form of a step, if it has one: of a kernel of ours whose code could be rewritten. */
export function packedKernel(
  step: Step,
  runs: number,
  device: GPUDevice,
  placeOf: (memory: Memory) => Place | undefined
): PackedKernel | undefined {
  if (step.kind === "copy") return undefined;
  const shader = shaderOf(step);
  const [x, y, depth] = step.kind === "merged" ? mergedWorkgroups(step) : step.workgroups;
  if (!shader || depth * runs > MOST_WORKGROUPS) return undefined;
  if (step.kind === "merged" && x * y > MANY_FLAT_WORKGROUPS && isSoftware(device)) return undefined;
  const all = boundOperands(step).map((operand, i) => placed(operand, shader, i, placeOf));
  const hosts = hostsOf(all);
  const operands =
    hosts && all.filter(({name}) => !hosts.has(name)).map((each) => spanOf(each, all, hosts, runs));
  const {maxStorageBufferBindingSize, maxUniformBufferBindingSize} = device.limits;
  if (!operands || operands.some(({bytes}) => bytes > maxStorageBufferBindingSize)) return undefined;
  const headBytes = packedHeadBytes(shader);
  const ownBytes = boundUniform(step)?.memory.bytes ?? 0;
  if (headBytes + runs * ownBytes > maxUniformBufferBindingSize) return undefined;
  const key = `${shader.key} x${runs} ${[...hosts].join(" ")}`;
  if (!texts.has(key)) texts.set(key, packedWgsl(shader, runs, hosts));
  const text = texts.get(key);
  if (text === undefined) return undefined;
  const words = all.flatMap((each) => {
    const host = all.find(({name}) => name === hosts.get(each.name)) ?? each;
    return [(startOf(each) - startOf(host)) / each.unit, each.place.stride / each.unit];
  });
  return {
    pipeline: pipelineFor(device, key, () => text),
    workgroups: [x, y, depth * runs],
    operands,
    head: {words: [depth, ...words], bytes: headBytes}
  };
}

function placed(
  operand: Binding,
  {bindings}: Shader,
  index: number,
  placeOf: (memory: Memory) => Place | undefined
): Placed {
  const {name = "", element = "", isWritten = false} = bindings[index] ?? {};
  return {
    operand,
    place: placeOf(operand.memory) as Place,
    name,
    unit: element === "vec4f" ? 16 : 4,
    isWritten
  };
}

const startOf = ({operand, place}: Placed) => place.offset + operand.offset;

/**
 * Of several arrays that are written in one buffer, as the gradients of a layer's kernel and bias are, the first in memory
 * is bound and the others are found from there. Undefined where they are of other types.
 */
function hostsOf(all: readonly Placed[]): Hosts | undefined {
  const hosts = new Map<string, string>();
  for (const each of all.filter(({isWritten}) => isWritten)) {
    const together = all.filter(({isWritten, place}) => isWritten && place.buffer === each.place.buffer);
    const [first] = together.sort((a, b) => startOf(a) - startOf(b)) as [Placed];
    if (first === each) continue;
    if (first.unit !== each.unit) return undefined;
    hosts.set(each.name, first.name);
  }
  return hosts;
}

/** What is bound of an operand in all runs, with those that lie in its memory. */
function spanOf(each: Placed, all: readonly Placed[], hosts: Hosts, runs: number): Binding {
  const guests = all.filter(({name}) => hosts.get(name) === each.name);
  const ends = [each, ...guests].map((one) => startOf(one) + one.operand.bytes);
  const bytes = Math.max(...ends) - startOf(each) + (runs - 1) * each.place.stride;
  return {...each.operand, bytes};
}
