/** An error in words, with what to do about it. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const {hint} = error as Error & {hint?: string};
  return hint ? `${error.message} ${hint}` : error.message;
}
