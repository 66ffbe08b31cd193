import {backend} from "./tfjs.ts";

/** Resolves when the GPU has done what was submitted so far; at once on other backends, which do it at once. */
export async function drain(): Promise<void> {
  const {device} = backend() as {device?: GPUDevice};
  await device?.queue?.onSubmittedWorkDone();
}
