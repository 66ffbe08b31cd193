import {flatWorkgroups} from "../kernels/flat.ts";
import {inQuads, type Shader} from "../shader.ts";
import {sameBytes} from "./pack.ts";
import {type Binding, type Command, type Dispatch, isUniform, type Memory} from "./recording.ts";

/** Several dispatches of one elementwise kernel as one, over operands that lie one after the other. */
export interface Merged {
  readonly kind: "merged";
  /** Stands for all: pipeline, uniforms, layout. */
  readonly first: Dispatch;
  readonly label: string;
  /** For every binding but the uniform, the memory of each dispatch in order. */
  readonly operands: readonly {binding: number; members: readonly Memory[]}[];
  readonly uniform: Memory;
}

export type Step = Command | Merged;

/** Where pieces of a flat operand begin: bindings need this alignment. */
export const ALIGNMENT = 256;

/** Bytes that the members take when they lie one after the other. */
export function flatBytes(members: readonly Memory[]): number {
  return members.reduce((sum, {bytes}) => sum + aligned(bytes), 0);
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Workgroups of a merged dispatch; the padding between its members is computed along. */
export function mergedWorkgroups({operands}: Merged): readonly [number, number, number] {
  return flatWorkgroups(mergedSize(operands[0]?.members ?? []));
}

/** What a dispatch binds besides its uniform, and how much of it in a run. */
export function boundOperands(step: Dispatch | Merged): Binding[] {
  if (step.kind === "dispatch") return step.bindings.filter(({memory}) => !isUniform(memory));
  return step.operands.map(({binding, members}) => ({
    binding,
    memory: members[0] as Memory,
    offset: 0,
    bytes: flatBytes(members)
  }));
}

/** The uniform of a dispatch, which is bound last. */
export function boundUniform(step: Dispatch | Merged): Binding | undefined {
  const last = (step.kind === "dispatch" ? step : step.first).bindings.at(-1);
  return last && isUniform(last.memory) ? last : undefined;
}

/** Quads of a flat operand: what is merged takes four elements a thread, as its parts begin at whole quads. */
export function mergedSize(members: readonly Memory[]): number {
  return flatBytes(members) / 16;
}

/** The shader of a dispatch of ours. */
export function shaderOf(step: Dispatch | Merged): Shader | undefined {
  if (step.kind === "dispatch") return step.shader;
  return step.first.shader && inQuads(step.first.shader);
}

/** What may be put together. */
interface MergeRules {
  /** Memory that cannot be laid beside other. */
  isFixed(memory: Memory): boolean;
  /** Bytes at most that lie together. */
  most: number;
  /** Whether these must not lie together, in this order, though they could. */
  isBanned(members: readonly Memory[]): boolean;
  /** In which form a command is done: those of one form go together. */
  formOf(command: Command): string;
}

/** The commands of a step with some of them put together, and the memory that has to lie together for it, in order. */
export interface MergedSteps {
  steps: readonly Step[];
  groups: readonly (readonly Memory[])[];
}

/**
 * Puts elementwise dispatches that follow each other together: an optimizer's, tensor after tensor, become one over all
 * parameters, which binds no more buffers than each of them. Given are the commands of every run; steps and groups come out
 * for the first one, and hold for all.
 */
export function mergeFlat(runs: readonly (readonly Command[])[], rules: MergeRules): MergedSteps {
  const commands = runs[0] as readonly Command[];
  const steps: Step[] = [];
  const groups: (readonly Memory[])[] = [];
  const groupOf = new Map<Memory, readonly Memory[]>();
  for (let i = 0; i < commands.length; ) {
    const run = runFrom(runs, i, rules);
    const merged = run.length > 1 ? mergedOf(run) : undefined;
    const added = merged && addedGroups(merged, groupOf, rules);
    if (!added) {
      steps.push(...run);
    } else {
      for (const [member, members] of added) groupOf.set(member, members);
      groups.push(...new Set(added.values()));
      steps.push(merged);
    }
    i += run.length;
  }
  return {steps, groups};
}

type Groups = ReadonlyMap<Memory, readonly Memory[]>;

/** What else has to lie together for a merged dispatch, by member; undefined where some of it lies otherwise. */
function addedGroups({operands}: Merged, groupOf: Groups, {isBanned}: MergeRules): Groups | undefined {
  const added = new Map<Memory, readonly Memory[]>();
  for (const {members} of operands) {
    const known = knownGroup(members, new Map([...groupOf, ...added]));
    if (known === "other" || isBanned(members)) return undefined;
    if (known === "new") for (const member of members) added.set(member, members);
  }
  return added;
}

/** Whether these lie together already, or one of them does with others. */
function knownGroup(members: readonly Memory[], groupOf: Groups): "new" | "same" | "other" {
  if (new Set(members).size < members.length) return "other";
  const group = groupOf.get(members[0] as Memory);
  if (!group) return members.some((member) => groupOf.has(member)) ? "other" : "new";
  return group.length === members.length && group.every((member, i) => member === members[i])
    ? "same"
    : "other";
}

/** The command at `start`, with those after it that are the same kernel with the same numbers on other tensors. */
function runFrom(
  runs: readonly (readonly Command[])[],
  start: number,
  {isFixed, most, formOf}: MergeRules
): Command[] {
  const commands = runs[0] as readonly Command[];
  const first = commands[start] as Command;
  const run = [first];
  if (!canMerge(first, isFixed)) return run;
  const written = new Set(writtenBy(first));
  let bytes = memberBytes(first);
  for (const [i, next] of commands.entries()) {
    if (i <= start) continue;
    const isSame = runs.every((own) => isSameKernel(own[start] as Command, own[i] as Command));
    if (!isSame || !canMerge(next, isFixed) || formOf(next) !== formOf(first)) break;
    if (next.bindings.some(({memory}) => written.has(memory))) break;
    bytes += memberBytes(next);
    if (bytes > most) break;
    for (const memory of writtenBy(next)) written.add(memory);
    run.push(next);
  }
  return run;
}

function canMerge(command: Command, isFixed: (memory: Memory) => boolean): command is Dispatch {
  if (command.kind !== "dispatch" || !command.isFlat || !command.shader) return false;
  const {bytes} = operandsOf(command)[0]?.memory ?? {bytes: 0};
  return operandsOf(command).every(
    ({memory, offset, bytes: bound}) =>
      offset === 0 && bound === memory.bytes && memory.bytes === bytes && !isFixed(memory)
  );
}

const operandsOf = ({bindings}: Dispatch) => bindings.slice(0, -1);
/** Bytes that each operand of a flat dispatch takes. */
const memberBytes = (dispatch: Dispatch) => aligned(operandsOf(dispatch)[0]?.memory.bytes ?? 0);
const uniformOf = ({bindings}: Dispatch) => bindings.at(-1)?.memory as Memory;
const writtenBy = ({bindings, writes}: Dispatch) =>
  bindings.filter(({binding}) => writes.includes(binding)).map(({memory}) => memory);

/** The first word of the uniform is the size, and the only one that may differ. */
function isSameKernel(a: Command, b: Command): boolean {
  if (a.kind === "copy" || b.kind === "copy" || !a.shader || !b.shader) return false;
  if (inQuads(a.shader).key !== inQuads(b.shader).key) return false;
  const sameLater = Boolean(uniformOf(a).later) === Boolean(uniformOf(b).later);
  return sameLater && sameBytes(uniformOf(a).content, uniformOf(b).content, 4);
}

function mergedOf(run: readonly Command[]): Merged {
  const dispatches = run as readonly Dispatch[];
  const first = dispatches[0] as Dispatch;
  const operands = operandsOf(first).map(({binding}, j) => ({
    binding,
    members: dispatches.map((each) => operandsOf(each)[j]?.memory as Memory)
  }));
  return {kind: "merged", label: first.label, first, operands, uniform: uniformOf(first)};
}
