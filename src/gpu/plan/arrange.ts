// Which commands of a step a plan puts together, so that what they need can be laid out.

import {ALIGNMENT, type MergedSteps, mergeFlat, type Step} from "./merge.ts";
import {membersOf, overwritesOf} from "./overwrite.ts";
import type {Pack} from "./pack.ts";
import type {Command, Memory, Recording} from "./recording.ts";
import type {StateStore} from "./state-store.ts";

type Limits = Pick<GPUSupportedLimits, "maxBufferSize" | "maxStorageBufferBindingSize">;

/**
 * The steps of a plan with elementwise ones merged, where the memory that has to lie together for it can: the state may lie
 * otherwise already, the adapter's buffers and bindings are not larger than its limits, and no command reads one part of a
 * buffer and writes another. What stands in the way of that is not merged; the rest is.
 */
export function arrangedSteps(pack: Pack, state: StateStore, limits: Limits): MergedSteps {
  const {recording, commands} = pack;
  const fixed = new Set<Memory | undefined>(recording.inputs);
  const banned = new Set<string>();
  const overwrites = (step: Step) => overwritesIn(step, recording, state);
  for (;;) {
    const merged = mergeFlat(commands, {
      isFixed: (memory) => fixed.has(memory) || !state.canMove(memory, recording),
      most: mostTogether(limits, pack.runs),
      isBanned: (members) => banned.has(nameOf(members)),
      formOf: (command: Command) => [...overwrites(command)].join(" ")
    });
    const misfit = state.misfit(recording, merged.groups);
    const wrong = misfit ? [misfit] : conflicting(merged, pack, state);
    if (wrong.length === 0) return merged;
    for (const members of wrong) banned.add(nameOf(members));
  }
}

/** What a step of a plan writes over what. */
export const overwritesIn = (step: Step, recording: Recording, state: StateStore) =>
  overwritesOf(step, recording, (index) => state.isOverwritten(index, recording));

/** Bytes of one run that a binding and, with those of all runs, a buffer can hold. */
function mostTogether({maxBufferSize, maxStorageBufferBindingSize}: Limits, runs: number): number {
  const share = Math.floor(maxBufferSize / runs / ALIGNMENT) * ALIGNMENT;
  return Math.min(share, maxStorageBufferBindingSize);
}

const nameOf = (members: readonly Memory[]) => members.map(({index}) => index).join();

/** The groups for which a command would read one part of a buffer and write another, which WebGPU forbids. */
function conflicting(
  {steps, groups}: MergedSteps,
  {recording}: Pack,
  state: StateStore
): (readonly Memory[])[] {
  const groupOf = new Map(groups.flatMap((members) => members.map((member) => [member, members] as const)));
  const hosts = state.hosts(recording, groups);
  /** The state's memory of either side has one host; what it comes out in is another buffer, unless it is written over. */
  const lieOf = (memory: Memory) => {
    const home = state.homeOf(memory, recording);
    const host = home ? hosts[home.index] : (groupOf.get(memory) ?? memory);
    const way = home && state.isOverwritten(home.index, recording) ? "in" : home?.way;
    return {host, buffer: home ? `${way} ${host}` : host};
  };
  const bufferOf = (memory: Memory) => lieOf(memory).buffer;
  const found = steps
    .map((step) => clash(step, overwritesIn(step, recording, state), bufferOf))
    .find((memory) => memory !== undefined);
  const host = found && lieOf(found).host;
  return groups.filter(([first]) => first && lieOf(first).host === host);
}

/** Memory that a command reads while it writes in the same buffer, other than what it writes over. */
function clash(
  step: Step,
  overwrites: ReadonlyMap<number, number>,
  bufferOf: (memory: Memory) => unknown
): Memory | undefined {
  const {read, written} = usesOf(step, new Set(overwrites.values()));
  const buffers = new Set(written.map(bufferOf));
  return read.find((memory) => buffers.has(bufferOf(memory)));
}

function usesOf(
  step: Step,
  sources: ReadonlySet<number>
): {read: readonly Memory[]; written: readonly Memory[]} {
  if (step.kind === "copy") return {read: [step.from], written: [step.to]};
  const {writes} = step.kind === "merged" ? step.first : step;
  const memoriesOf = (isWritten: boolean) =>
    membersOf(step).flatMap(({binding, members}, i) =>
      writes.includes(binding) === isWritten && !sources.has(i) ? members : []
    );
  return {read: memoriesOf(false), written: memoriesOf(true)};
}
