/** The same values, of which the first is asked for at once. Who stops reading stops the source as well. */
export function readAhead<T>(values: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = values[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<T>> | null = iterator.next();
  // Who reads on is told.
  first.catch(() => {});
  const ahead: AsyncIterator<T> = {
    next() {
      const next = first ?? iterator.next();
      first = null;
      return next;
    },
    return: async () => (await iterator.return?.()) ?? {done: true, value: undefined}
  };
  return {[Symbol.asyncIterator]: () => ahead};
}
