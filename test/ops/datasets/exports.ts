export * from "../../../src/ops/core/key.ts";
export * from "../../../src/ops/datasets/index.ts";
