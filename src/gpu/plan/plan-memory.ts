// Finds a place for all memory of a step but its uniforms.
import {copyNow, type WebGpuBackend} from "../tfjs-webgpu.ts";
import {memoriesOf, type Place, placeOfRun, placeScratch, placeTogether, type Store} from "./layout.ts";
import type {Step} from "./merge.ts";
import {isShared, type Pack} from "./pack.ts";
import {isUniform, type Memory} from "./recording.ts";
import type {StateStore} from "./state-store.ts";

/** Where memory lies when one side of the state or the other is read; undefined for uniforms. */
export type Places = (memory: Memory, side: 0 | 1) => Place | undefined;

/** Lays out what the steps touch and writes what is there from the start. */
export function placeMemory(
  backend: WebGpuBackend,
  store: Store,
  pack: Pack,
  state: StateStore,
  {steps, groups}: {steps: readonly Step[]; groups: readonly (readonly Memory[])[]}
): {placeOf: Places; inputs: readonly (Place | undefined)[]} {
  const {recording, runs} = pack;
  const places = new Map<Memory, Place>();
  const inputs = recording.inputs.map((memory) => {
    if (!memory) return undefined;
    const place = store.place(memory.bytes, runs);
    places.set(memory, place);
    return place;
  });
  const present = (memories: readonly (Memory | undefined)[]) =>
    new Set(memories.filter((memory) => memory !== undefined));
  const isAtHome = (memory: Memory) => state.homeOf(memory, recording) !== undefined;
  const isConstant = ({isMade, content}: Memory) => !isMade || content !== undefined;
  const own = groups.filter((members) => !members.some((member) => isAtHome(member)));
  for (const members of own) {
    if (!members.some(isConstant)) continue;
    for (const [memory, place] of placeTogether(members, store, runs)) places.set(memory, place);
  }
  const lasting = present([...recording.nextState, ...recording.outputs]);
  const known = (memory: Memory) =>
    places.has(memory) || isUniform(memory) || state.homeOf(memory, recording) !== undefined;
  for (const memory of new Set([...steps.flatMap(memoriesOf), ...lasting])) {
    if (known(memory) || !isConstant(memory)) continue;
    const isOne = runs > 1 && isShared(pack.peers(memory));
    places.set(
      memory,
      isOne ? {...store.place(memory.bytes, 1), stride: 0} : store.place(memory.bytes, runs)
    );
  }
  const given = new Set(recording.inputs);
  for (const [memory, place] of places) if (!given.has(memory)) fill(backend, pack.peers(memory), place);
  const isScratch = (memory: Memory) => !known(memory);
  for (const [memory, place] of placeScratch({steps, groups: own, isScratch, lasting}, store, runs))
    places.set(memory, place);
  return {placeOf: (memory, side) => state.place(memory, recording, side) ?? places.get(memory), inputs};
}

/** What was there before the step, or was written by the CPU, keeps its contents. */
function fill(backend: WebGpuBackend, peers: readonly Memory[], place: Place): void {
  for (const [run, {content, isMade, buffer, bytes}] of peers.entries()) {
    const to = placeOfRun(place, run);
    if (content) {
      backend.queue.writeBuffer(to.buffer, to.offset, content as Uint8Array<ArrayBuffer>);
    } else if (!isMade) {
      copyNow(backend, {buffer, offset: 0}, to, bytes);
    }
    if (place.stride === 0) return;
  }
}
