/** Runs cannot be written in a format. Its message says what was expected, what there is and what to do. */
export class ExportError extends Error {
  override name = "ExportError";
}
