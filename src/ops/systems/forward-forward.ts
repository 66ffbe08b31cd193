import type {System} from "./system.ts";

/** The methods of petri/forward-forward, in the order of the catalogue. */
export const forwardForwardSystems: readonly System[] = [
  {
    id: "mono-forward",
    family: "forward-forward",
    title:
      "Mono-Forward: Backpropagation-Free Algorithm for Efficient Neural Network Training Harnessing Local Errors",
    export: "petri/forward-forward#monoForward",
    notebook: "reference/forward-forward/mono-forward.html",
    test: "test/ops/local-network.test.ts",
    verdict: ""
  }
];
