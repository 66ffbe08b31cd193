// petri/forward-forward: networks that learn without backpropagation, each by a rule of its own.

export * from "./energy/predictive-coding.ts";
export {type CosineOptions, gradientCosines} from "./feedback/cosines.ts";
export * from "./feedback/direct-feedback-alignment.ts";
export * from "./feedback/feedback-alignment.ts";
export * from "./feedback/kolen-pollack.ts";
export * from "./feedback/pepita.ts";
export * from "./feedback/product-feedback.ts";
export type {MirroringOptions} from "./feedback/weight-mirroring.ts";
export * from "./local-network.ts";
export type * from "./local-rule.ts";
export * from "./rules/mono-forward.ts";
