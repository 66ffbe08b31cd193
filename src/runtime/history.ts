interface Step<T> {
  value: T;
  /** What led to this value. */
  label: string;
  group: string | undefined;
}

/** Most steps that can be undone; older ones are forgotten. */
const LIMIT = 500;

/** Undo and redo over immutable values. */
export class History<T> {
  #past: Step<T>[] = [];
  #present: Step<T>;
  #future: Step<T>[] = [];

  constructor(value: T) {
    this.#present = {value, label: "open", group: undefined};
  }

  get present(): T {
    return this.#present.value;
  }

  get undoLabel(): string | null {
    return this.#past.length > 0 ? this.#present.label : null;
  }

  get redoLabel(): string | null {
    return this.#future.at(-1)?.label ?? null;
  }

  /** Steps in a row with the same `group` are undone together. */
  push(value: T, label: string, group?: string): void {
    if (group === undefined || this.#present.group !== group) this.#past.push(this.#present);
    if (this.#past.length > LIMIT) this.#past.shift();
    this.#present = {value, label, group};
    this.#future = [];
  }

  commit(): void {
    this.#present = {...this.#present, group: undefined};
  }

  undo(): boolean {
    const step = this.#past.pop();
    if (!step) return false;
    this.#future.push(this.#present);
    this.#present = {...step, group: undefined};
    return true;
  }

  redo(): boolean {
    const step = this.#future.pop();
    if (!step) return false;
    this.#past.push(this.#present);
    this.#present = {...step, group: undefined};
    return true;
  }
}
