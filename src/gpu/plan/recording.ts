// What a step did on the GPU, as data, and whether two steps did the same.
import type {Shader} from "../shader.ts";
import {writeUniforms} from "../uniforms.ts";
import type {GpuKernel} from "../webgpu-dispatch.ts";

/** The numbers of a kernel so many steps after the recorded one. */
export type Later = (ahead: number) => GpuKernel["uniforms"];

/** A piece of GPU memory in the life of one tensor: a buffer that is recycled within the step is another one. */
export interface Memory {
  /** In the order in which the step met them. */
  readonly index: number;
  readonly buffer: GPUBuffer;
  /** Of the buffer, which is given to one tensor after another. */
  readonly life: object;
  readonly bytes: number;
  /** False for what was there before the step. */
  readonly isMade: boolean;
  /** What the CPU wrote into it. */
  content?: Uint8Array;
  /** Where those are numbers that a later step writes anew. */
  later?: Later;
}

const UNIFORM = 0x40;

/** Numbers for a dispatch, as against a tensor. */
export const isUniform = ({buffer}: Memory) => (buffer.usage & UNIFORM) !== 0;

export interface Binding {
  readonly binding: number;
  readonly memory: Memory;
  readonly offset: number;
  readonly bytes: number;
}

export interface Dispatch {
  readonly kind: "dispatch";
  /** The kernel's name, for people. */
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly Binding[];
  /** Numbers of the bindings that it writes. */
  readonly writes: readonly number[];
  readonly workgroups: readonly [number, number, number];
  /** Every thread touches one element of every binding, and how many there are is the first uniform. */
  readonly isFlat: boolean;
  /** Where the kernel is one of ours. */
  readonly shader?: Shader;
}

export interface Copy {
  readonly kind: "copy";
  readonly from: Memory;
  readonly fromOffset: number;
  readonly to: Memory;
  readonly toOffset: number;
  readonly bytes: number;
}

export type Command = Dispatch | Copy;

/** One step: its commands, and the memory of the tensors that go in and come out; undefined for empty tensors. */
export interface Recording {
  readonly commands: readonly Command[];
  readonly state: readonly (Memory | undefined)[];
  readonly inputs: readonly (Memory | undefined)[];
  readonly nextState: readonly (Memory | undefined)[];
  readonly outputs: readonly (Memory | undefined)[];
  /** Why it cannot be replayed. */
  readonly refused?: string;
}

/** Why a replay of `before`, so many steps ahead, would not do what `after` did; undefined when it would. */
export function difference(before: Recording, after: Recording, ahead: number): string | undefined {
  if (after.refused) return after.refused;
  if (before.commands.length !== after.commands.length) {
    return `one step has ${before.commands.length} operations and another ${after.commands.length}`;
  }
  if (before.nextState.length !== after.nextState.length || before.outputs.length !== after.outputs.length) {
    return "what comes out of it changes from step to step";
  }
  const [nameBefore, nameAfter] = [namesOf(before), namesOf(after)];
  const isSame = (a: Memory | undefined, b: Memory | undefined) =>
    nameBefore(a) === nameAfter(b) && a?.bytes === b?.bytes;
  for (const [i, a] of before.commands.entries()) {
    const b = after.commands[i] as Command;
    const reason = commandDifference(a, b, isSame, ahead);
    if (reason) return reason;
  }
  const comesOut = [...after.nextState, ...after.outputs];
  for (const [i, memory] of [...before.nextState, ...before.outputs].entries()) {
    const other = comesOut[i];
    if (!isSame(memory, other)) return "what comes out of it lies elsewhere from step to step";
    if (memory && other && !sameContent(memory, other, ahead))
      return "what comes out of it is a number that changes from step to step, and was made on the CPU";
  }
  return undefined;
}

function commandDifference(
  a: Command,
  b: Command,
  isSame: (a: Memory, b: Memory) => boolean,
  ahead: number
): string | undefined {
  if (a.kind === "copy" || b.kind === "copy") {
    if (a.kind !== b.kind) return "its operations differ from step to step";
    const [x, y] = [a as Copy, b as Copy];
    const sameRange = x.fromOffset === y.fromOffset && x.toOffset === y.toOffset && x.bytes === y.bytes;
    const isSameCopy = sameRange && isSame(x.from, y.from) && isSame(x.to, y.to);
    return isSameCopy && sameContent(x.from, y.from, ahead) ? undefined : "its copies differ";
  }
  if (a.pipeline !== b.pipeline || a.workgroups.join() !== b.workgroups.join()) {
    return `its operations differ from step to step (${a.label}, then ${b.label})`;
  }
  for (const [i, {memory, offset}] of a.bindings.entries()) {
    const other = b.bindings[i] as Binding;
    if (!isSame(memory, other.memory) || offset !== other.offset) {
      return `${a.label} works on other tensors from step to step; a tensor that the step does not get or make itself must stay the same`;
    }
    if (!sameContent(memory, other.memory, ahead)) {
      return `${a.label} computes with a number that changes from step to step`;
    }
  }
  return undefined;
}

/** Memory by what it is for the step: two recordings use different buffers for the same thing. */
function namesOf({state, inputs}: Recording): (memory: Memory | undefined) => unknown {
  const roles = new Map<Memory, string>();
  for (const [i, memory] of inputs.entries()) if (memory) roles.set(memory, `input ${i}`);
  for (const [i, memory] of state.entries()) if (memory) roles.set(memory, `state ${i}`);
  return (memory) => memory && (roles.get(memory) ?? (memory.isMade ? memory.index : memory.life));
}

function sameContent(a: Memory, b: Memory, ahead: number): boolean {
  const [x, y] = [a.later ? laterContent(a, ahead) : a.content, b.content];
  if (!x || !y) return x === y;
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}

function laterContent({later, bytes}: Memory, ahead: number): Uint8Array {
  const content = new DataView(new ArrayBuffer(bytes));
  if (later) writeUniforms(later(ahead), content);
  return new Uint8Array(content.buffer);
}
