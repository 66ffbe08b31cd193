/** The journal cannot do what it was asked. */
export class JournalError extends Error {
  override name = "JournalError";
}

/** A file is not an archive of a workspace, or is damaged. */
export class ArchiveError extends Error {
  override name = "ArchiveError";
}

/** Whether a failed write says that there is no room. */
export function isFull(error: unknown): boolean {
  const {name, code} = (error ?? {}) as {name?: string; code?: unknown};
  return name === "QuotaExceededError" || code === "ENOSPC" || code === "EDQUOT";
}
