// What products of groups are registered under, a name for each set of inputs: tfjs saves no inputs for gradients that may be absent.

const NAME = "PetriGroupedMatmul";

/** Inputs that may be absent; places come with rows. */
export type GroupedExtra = "bias" | "rows" | "places";

export const GROUPED_EXTRAS: readonly (readonly GroupedExtra[])[] = [
  [],
  ["rows"],
  ["rows", "places"],
  ["bias"],
  ["bias", "rows"],
  ["bias", "rows", "places"]
];

export const groupedName = (extras: readonly GroupedExtra[]): string => [NAME, ...extras].join("-");

export const GROUPED_NAMES: readonly string[] = GROUPED_EXTRAS.map(groupedName);

/** Products on the way back, and the gradients of the matrices. */
export const ROWS = `${NAME}Rows`;
export const KERNEL_GRADS = `${NAME}KernelGrads`;
