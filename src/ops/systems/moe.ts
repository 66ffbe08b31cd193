import type {System} from "./system.ts";

/** The methods of petri/moe, in the order of the catalogue. */
export const moeSystems: readonly System[] = [
  {
    id: "soft-merging-of-experts-with-adaptive-routing",
    family: "moe",
    title: "Soft Merging of Experts with Adaptive Routing",
    export: "petri/moe#smear",
    notebook: "reference/moe/smear.html",
    test: "test/ops/moe-soft.test.ts",
    verdict: ""
  }
];
