// What a step computes for nobody.
import type {Step} from "./merge.ts";
import {type Command, isUniform, type Memory, type Recording} from "./recording.ts";

/** What a command reads and what it writes, without numbers. */
export function usesOf(command: Command): {read: readonly Memory[]; written: readonly Memory[]} {
  if (command.kind === "copy") return {read: [command.from], written: [command.to]};
  const {bindings, writes} = command;
  const of = (isWritten: boolean) =>
    bindings
      .filter(({binding, memory}) => writes.includes(binding) === isWritten && !isUniform(memory))
      .map(({memory}) => memory);
  return {read: of(false), written: of(true)};
}

/**
 * A recording without the commands that neither the next state nor an output comes from: figures of a step that nobody wants to
 * know.
 */
export function withoutIdle(recording: Recording): Recording {
  const wanted = new Set<Memory | undefined>([...recording.nextState, ...recording.outputs]);
  const commands: Command[] = [];
  for (const command of [...recording.commands].reverse()) {
    const {read, written} = usesOf(command);
    // What is written from before the step may be seen by whoever has it.
    if (!written.some((memory) => wanted.has(memory) || !memory.isMade)) continue;
    for (const memory of [...read, ...written]) wanted.add(memory);
    commands.push(command);
  }
  return {...recording, commands: commands.reverse()};
}

/** Tells which commands of a plan the next state comes from; the others are for outputs alone. */
export function towardsState(recording: Recording): (step: Step) => boolean {
  const {commands} = withoutIdle({...recording, outputs: []});
  const needed = new Set(commands.flatMap((command) => usesOf(command).written));
  return (step) => writtenBy(step).some((memory) => needed.has(memory));
}

function writtenBy(step: Step): readonly Memory[] {
  if (step.kind !== "merged") return usesOf(step).written;
  const {writes} = step.first;
  return step.operands.flatMap(({binding, members}) => (writes.includes(binding) ? members : []));
}
