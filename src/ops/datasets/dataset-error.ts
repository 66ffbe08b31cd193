/** Data is missing, damaged or not of the kind expected. The message says where, what was expected and what to do. */
export class DatasetError extends Error {
  override name = "DatasetError";
}

/** A file of a dataset is not where it was expected. */
export class MissingDataError extends DatasetError {
  override name = "MissingDataError";
}
