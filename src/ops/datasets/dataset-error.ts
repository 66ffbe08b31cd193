/**
 * Data is missing, damaged or not of the kind expected. The message says where, what was expected and what to do.
 *
 * @example
 * import {csv, DatasetError} from "petri/datasets";
 *
 * const file = new Blob(["x,y,label\n1,2,a\n3,b\n"]);
 * try {
 *   await csv(file, {target: "label"});
 * } catch (error) {
 *   display(error instanceof DatasetError && error.message);
 * }
 */
export class DatasetError extends Error {
  override name = "DatasetError";
}

/** A file of a dataset is not where it was expected. */
export class MissingDataError extends DatasetError {
  override name = "MissingDataError";
}
