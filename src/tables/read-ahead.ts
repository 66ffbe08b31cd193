/** The same values, of which the first is asked for at once. */
export function readAhead<T>(values: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = values[Symbol.asyncIterator]();
  const first = iterator.next();
  // Who reads on is told.
  first.catch(() => {});
  return (async function* () {
    for (let next = await first; !next.done; next = await iterator.next()) yield next.value;
  })();
}
