/** Methods of single objects that stand before the ones they have, for a while. */
export class Shadows {
  private readonly undo: (() => void)[] = [];

  /** Puts `make(original)` in the place of a method of `object`. */
  put<O extends object, K extends keyof O>(object: O, name: K, make: (original: O[K]) => O[K]): void {
    const own = Object.getOwnPropertyDescriptor(object, name);
    const original = (object[name] as (...args: unknown[]) => unknown).bind(object) as O[K];
    Object.defineProperty(object, name, {value: make(original), configurable: true, writable: true});
    this.undo.push(() => {
      if (own) Object.defineProperty(object, name, own);
      else delete (object as Record<PropertyKey, unknown>)[name as PropertyKey];
    });
  }

  restore(): void {
    for (const each of this.undo.reverse()) each();
    this.undo.length = 0;
  }
}
