/**
 * What L-BFGS asks of numbers: parameters P, a tree, are one long vector V to it, and sums over vectors are S until they
 * are read. On a GPU both are tensors, so that a step waits only for what decides how it goes on.
 */
export interface Vectors<P, Loss, V, S> {
  /** All parameters in one vector. */
  flatten(params: P): V;
  /** The parameters of a vector, in the tree of `like`. */
  shaped(vector: V, like: P): P;
  /** The loss and its gradient at the parameters in `vector`, in the tree of `like`. */
  evaluate(loss: Loss, vector: V, like: P): Evaluated<V, S> | Promise<Evaluated<V, S>>;
  /** a weightA + b weightB. */
  sum(weightA: number, a: V, weightB: number, b: V): V;
  dot(a: V, b: V): S;
  /** The largest absolute entry. */
  largest(a: V): S;
  /** The sum of absolute entries. */
  total(a: V): S;
  /** The numbers of sums. */
  read(sums: readonly S[]): Promise<number[]>;
  /** Rows with one more at the end; the first go where there would be more than `most`. `rows` is [] at the start. */
  append(rows: V | readonly [], row: V, most: number): V;
  /** -H g for the inverse Hessian of the pairs: see twoLoops. */
  direction(s: V, y: V, gradient: V): V;
  /** Frees what `compute` makes, but for what it returns. */
  scope<T extends object>(compute: () => T): T;
  free(values: V | readonly S[]): void;
}

export interface Evaluated<V, S> {
  loss: S;
  gradient: V;
}
