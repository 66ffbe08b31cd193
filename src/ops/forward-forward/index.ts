// petri/forward-forward: networks that learn without backpropagation, each by a rule of its own.

export * from "./local-network.ts";
export type * from "./local-rule.ts";
export * from "./rules/mono-forward.ts";
export * from "./energy/predictive-coding.ts";
