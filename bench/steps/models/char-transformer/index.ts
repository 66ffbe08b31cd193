export * from "./jax-js.ts";
export * from "./ours.ts";
export * from "./plain-tfjs.ts";
