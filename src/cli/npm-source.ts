/** Answers the address `npm/<path>` by the path of a built module, or null when the package is not installed. */
export function npmSource(): (path: string) => Promise<string | null> {
  return async () => null;
}

export function npmBuilder(_notebooks: string): (folder: string) => Promise<void> {
  return async () => undefined;
}
