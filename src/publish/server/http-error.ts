/** A refusal with its HTTP status; the message is shown to the person. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  /** What to tell besides, e.g. the current version of a notebook. */
  readonly details: Record<string, unknown>;

  constructor(status: number, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}
