/** Something cannot be imported. Its message says where in which file, what was expected and what was found. */
export class ImportError extends Error {
  override name = "ImportError";
}
