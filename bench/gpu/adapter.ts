import type {JaxDevice} from "../steps/peers/jax-js.ts";
import type {Place} from "../steps/place.ts";

/** What a place computes on, by its name. */
export async function adapterOf(place: Place, backend: JaxDevice): Promise<string> {
  const {adapter} = await place.measure({backend, name: "look", args: []});
  return adapter;
}

/** Whether a WebGPU adapter computes on the processor: sizes are then smaller, or a bench would take hours. */
export const isSoftware = (adapter: string): boolean => /swiftshader|llvmpipe|lavapipe/i.test(adapter);
