// What the module exports; see ../native.ts for how it is used and ../../../cli/wasm-module.ts for how it is built.
export * from "./bits";
export * from "./blocks";
export * from "./dense";
export * from "./gelu";
export * from "./goodness";
export * from "./grouped";
export * from "./losses";
export * from "./matmul";
export * from "./nm";
export * from "./norm";
export * from "./optimizers";
export * from "./sparse";
export * from "./spline";
export * from "./windows";
