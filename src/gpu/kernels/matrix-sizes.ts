type Shaped = {shape: readonly number[]} | undefined;

/** The two sizes of a matrix. */
export const rowsOf = (matrix: Shaped): number => matrix?.shape[0] ?? 0;
export const widthOf = (matrix: Shaped): number => matrix?.shape[1] ?? 0;
