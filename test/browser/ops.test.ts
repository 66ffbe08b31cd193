import {configureDatasets} from "../../src/ops/datasets/index.ts";
import {kernelCases} from "../gpu/kernel-cases.ts";
import {coreCases} from "../ops/core-cases.ts";
import {fitCases} from "../ops/fit-cases.ts";
import {optimizerCases} from "../ops/optimizer-cases.ts";
import {pruningCases} from "../ops/pruning-cases.ts";

configureDatasets({
  fetchBytes: async (path) => new Uint8Array(await (await fetch(`/notebooks/${path}`)).arrayBuffer())
});

kernelCases("webgpu");
coreCases("webgpu");
optimizerCases("webgpu");
fitCases("webgpu");
pruningCases("webgpu");
