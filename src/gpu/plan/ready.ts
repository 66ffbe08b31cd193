// Commands of a plan, ready to be given again and again.
import {pipelineFor, wgsl} from "../shader.ts";
import {bindingConflict} from "./conflict.ts";
import {type Place, placeOfRun} from "./layout.ts";
import {
  boundOperands,
  boundUniform,
  type Merged,
  mergedSize,
  mergedWorkgroups,
  type Step,
  shaderOf
} from "./merge.ts";
import {type Overwriting, overwriting} from "./overwrite.ts";
import type {Pack} from "./pack.ts";
import {type PackedKernel, packedKernel} from "./packed-kernel.ts";
import type {Places} from "./plan-memory.ts";
import type {Copy, Dispatch, Memory} from "./recording.ts";
import {boundBytes, type UniformUse} from "./uniforms.ts";

/** A dispatch ready to be given again; for each of the two halves of the state its own bind group. */
export interface Ready {
  label: string;
  /** Of what is read and what is written; what is written over counts for both. */
  bytes: number;
  pipeline: GPUComputePipeline;
  groups: readonly [GPUBindGroup, GPUBindGroup];
  workgroups: readonly [number, number, number];
}

export interface ReadyCopy {
  from: readonly [Place, Place];
  to: readonly [Place, Place];
  bytes: number;
}

type PlaceOf = (memory: Memory, side: 0 | 1) => Place;

/** A dispatch with the form in which it is done for all runs, and its numbers. */
interface Arranged {
  step: Dispatch | Merged;
  packed: PackedKernel | undefined;
  /** Where it writes over what it reads. */
  over: Overwriting | undefined;
  use: UniformUse | undefined;
}

/**
 * Decides how steps are done for all runs: `uses` are the uniforms that takes, and `make` gives the commands of each,
 * once those have their places.
 */
export function readySteps(
  device: GPUDevice,
  steps: readonly Step[],
  pack: Pack,
  placeOf: Places,
  overwritesOf: (step: Step) => ReadonlyMap<number, number>
): {uses: UniformUse[]; make(placeOf: PlaceOf): (Ready | ReadyCopy)[][]} {
  const {runs} = pack;
  const arranged = steps.map((step): Copy | Arranged => {
    if (step.kind === "copy") return step;
    const packed = runs > 1 ? packedKernel(step, runs, device, (memory) => placeOf(memory, 0)) : undefined;
    const uniform = boundUniform(step)?.memory;
    const size = step.kind === "merged" ? mergedSize(step.operands[0]?.members ?? []) : undefined;
    const over = packed ? undefined : overwriting(step, overwritesOf(step));
    return {step, packed, over, use: uniform && {peers: pack.peers(uniform), size, head: packed?.head}};
  });
  return {
    uses: arranged.flatMap((each) => ("use" in each && each.use ? [each.use] : [])),
    make: (places) =>
      arranged.map((each) =>
        Array.from({length: "packed" in each && each.packed ? 1 : runs}, (_, run) =>
          "step" in each ? ready(device, each, places, run) : readyCopy(each, places, run)
        )
      )
  };
}

function ready(device: GPUDevice, {step, packed, over, use}: Arranged, placeOf: PlaceOf, run: number): Ready {
  const first = step.kind === "merged" ? step.first : step;
  const {label} = first;
  const shader = over?.shader ?? (step.kind === "merged" ? shaderOf(step) : undefined);
  const pipeline =
    packed?.pipeline ?? (shader ? pipelineFor(device, shader.key, () => wgsl(shader)) : first.pipeline);
  const layout = pipeline === first.pipeline ? first.layout : pipeline.getBindGroupLayout(0);
  const uniform = boundUniform(step);
  const operands = packed?.operands ?? over?.operands ?? boundOperands(step);
  const groupFor = (side: 0 | 1) => {
    const entries = operands.map((operand) => {
      const {buffer, offset} = placeOfRun(placeOf(operand.memory, side), run);
      return {
        binding: operand.binding,
        resource: {buffer, offset: offset + operand.offset, size: operand.bytes}
      };
    });
    if (uniform && use) {
      const {buffer, offset} = placeOfRun(placeOf(uniform.memory, side), run);
      const binding = over ? operands.length : uniform.binding;
      entries.push({binding, resource: {buffer, offset, size: boundBytes(use)}});
    }
    if (bindingConflict(entries, over ?? first))
      throw new Error(`${label} would read and write the same memory.`);
    return device.createBindGroup({layout, entries});
  };
  const workgroups = step.kind === "merged" ? mergedWorkgroups(step) : step.workgroups;
  return {
    label,
    bytes: (packed?.operands ?? boundOperands(step)).reduce((sum, {bytes}) => sum + bytes, 0),
    pipeline,
    groups: [groupFor(0), groupFor(1)],
    workgroups: packed?.workgroups ?? workgroups
  };
}

function readyCopy({from, fromOffset, to, toOffset, bytes}: Copy, placeOf: PlaceOf, run: number): ReadyCopy {
  const at = (memory: Memory, shift: number) =>
    ([0, 1] as const).map((side) => {
      const place = placeOfRun(placeOf(memory, side), run);
      return {...place, offset: place.offset + shift};
    }) as [Place, Place];
  return {from: at(from, fromOffset), to: at(to, toOffset), bytes};
}
