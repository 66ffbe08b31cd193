import {configureDatasets} from "../../src/ops/datasets/index.ts";
import {moeTrainingCases} from "../ops/moe-training-cases.ts";

configureDatasets({
  fetchBytes: async (path) => new Uint8Array(await (await fetch(`/notebooks/${path}`)).arrayBuffer())
});

moeTrainingCases("webgpu");
