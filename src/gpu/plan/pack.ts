// Recordings of one step in several runs, side by side.
import type {Binding, Command, Memory, Recording} from "./recording.ts";

/** The same step in several runs; in one, as a rule. What is said of memory is said of the first run's. */
export interface Pack {
  readonly recording: Recording;
  readonly runs: number;
  /** The commands of every run. */
  readonly commands: readonly (readonly Command[])[];
  /** What a piece of the first run's memory is in each of the runs. */
  peers(memory: Memory): readonly Memory[];
}

/** Puts recordings together, or tells why they cannot be: every run has to do the same with other numbers. */
export function packOf(recordings: readonly Recording[]): Pack | string {
  const [first, ...others] = recordings as [Recording, ...Recording[]];
  const pairs = others.map((other) => new Pairs(first, other));
  const reason = pairs.find((pair) => pair.reason)?.reason;
  if (reason) return reason;
  return {
    recording: first,
    runs: recordings.length,
    commands: recordings.map(({commands}) => commands),
    peers: (memory) => [memory, ...pairs.map((pair) => pair.there.get(memory) ?? memory)]
  };
}

type Maybe = Memory | undefined;

/** The memory of one run and that of another which stands for it. */
class Pairs {
  readonly there = new Map<Memory, Memory>();
  /** Why the two do not do the same. */
  readonly reason: string | undefined;
  private readonly back = new Map<Memory, Memory>();

  constructor(a: Recording, b: Recording) {
    this.reason = this.compare(a, b);
  }

  private compare(a: Recording, b: Recording): string | undefined {
    if (!this.match([...a.inputs, ...a.state], [...b.inputs, ...b.state]))
      return "the runs have tensors of other sizes";
    if (a.commands.length !== b.commands.length)
      return `a step has ${a.commands.length} operations in one run and ${b.commands.length} in another`;
    for (const [i, command] of a.commands.entries()) {
      const reason = this.difference(command, b.commands[i] as Command);
      if (reason) return reason;
    }
    const isSame = this.match([...a.nextState, ...a.outputs], [...b.nextState, ...b.outputs]);
    return isSame ? undefined : "what comes out of a step lies elsewhere from run to run";
  }

  private difference(a: Command, b: Command): string | undefined {
    if (a.kind === "copy" || b.kind === "copy") {
      const isSame =
        a.kind === "copy" &&
        b.kind === "copy" &&
        a.bytes === b.bytes &&
        a.fromOffset === b.fromOffset &&
        a.toOffset === b.toOffset &&
        this.match([a.from, a.to], [b.from, b.to]);
      return isSame ? undefined : "the runs copy other memory";
    }
    if (a.pipeline !== b.pipeline || a.workgroups.join() !== b.workgroups.join())
      return `the runs do other operations (${a.label} and ${b.label})`;
    const isSame = a.bindings.every(({memory, offset, bytes}, i) => {
      const other = b.bindings[i] as Binding;
      return offset === other.offset && bytes === other.bytes && this.match([memory], [other.memory]);
    });
    return isSame ? undefined : `${a.label} works on other tensors from run to run`;
  }

  private match(here: readonly Maybe[], there: readonly Maybe[]): boolean {
    return here.length === there.length && here.every((memory, i) => this.pair(memory, there[i]));
  }

  private pair(here: Maybe, there: Maybe): boolean {
    if (!here || !there) return here === there;
    const [known, knownBack] = [this.there.get(here), this.back.get(there)];
    if (known || knownBack) return known === there && knownBack === here;
    this.there.set(here, there);
    this.back.set(there, here);
    return (
      here.bytes === there.bytes &&
      here.isMade === there.isMade &&
      Boolean(here.content) === Boolean(there.content) &&
      Boolean(here.later) === Boolean(there.later)
    );
  }
}

/** True where a piece of memory is one and the same in all runs, or holds the same and is never written. */
export function isShared(peers: readonly Memory[]): boolean {
  const [first, ...others] = peers as [Memory, ...Memory[]];
  if (first.later) return false;
  return others.every(({buffer, content, isMade}) =>
    content ? sameBytes(content, first.content) : !isMade && buffer === first.buffer
  );
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined, from = 0): boolean {
  return a?.length === b?.length && a?.every((byte, i) => i < from || byte === b?.[i]) === true;
}
