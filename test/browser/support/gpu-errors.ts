import {afterEach} from "vitest";
import {takeGpuError} from "../../../src/gpu/device-watch.ts";

// What the GPU refuses, a binding that a shader leaves out for one, throws nowhere: the dispatch is just not done.
afterEach(() => {
  const error = takeGpuError(() => ({tensors: 0, sizeBytes: 0}));
  if (error) throw error;
});
