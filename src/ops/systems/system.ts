/** One implemented system. */
export interface System {
  /** Its id in the catalogue of systems. */
  id: string;
  family: "pruning" | "moe" | "kan" | "forward-forward";
  title: string;
  /** Where it is: "petri/<package>#<export>". */
  export: string;
  /** The notebook that shows it, relative to notebooks/. */
  notebook: string;
  /** The test that checks it, relative to the repository. */
  test: string;
  /** From the recorded claim of the notebook; empty until there is one. */
  verdict: string;
}
