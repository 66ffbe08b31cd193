/**
 * Data is missing, damaged or not of the kind expected. The message says where, what was expected and what to do.
 *
 * @example
 * import {csv, DatasetError} from "petri/datasets";
 *
 * const file = new File(["size,price\n1.5,3\n2,4,5\n"], "shirts.csv");
 * const reason = await csv(file, {target: "price"}).catch((error) => error);
 * display([reason instanceof DatasetError, reason.message]);
 */
export class DatasetError extends Error {
  override name = "DatasetError";
}

/** A file of a dataset is not where it was expected. */
export class MissingDataError extends DatasetError {
  override name = "MissingDataError";
}
