import {toCell, toNotebook} from "@observablehq/notebook-kit";
import {NotebookSession, type SessionOptions} from "../../src/runtime/session.ts";
import type {Cell, CellError, CellMode, CellOutput} from "../../src/runtime/types.ts";

/** Where a cell's results go in a test. */
export class TestOutput implements CellOutput {
  values: unknown[] = [];
  names: (string | undefined)[] = [];
  failure: CellError | null = null;
  readonly notes: [error: CellError, cause: unknown][] = [];

  pending(): void {}

  clear(): void {
    this.values = [];
    this.names = [];
    this.failure = null;
  }

  display(value: unknown, name?: string): void {
    this.values.push(value);
    this.names.push(name);
  }

  error(error: CellError): void {
    this.clear();
    this.failure = error;
  }

  note(error: CellError, cause: unknown): void {
    this.notes.push([error, cause]);
  }
}

/** An input element without a page. */
export class TestInput extends EventTarget {
  value: unknown;

  constructor(value?: unknown) {
    super();
    this.value = value;
  }

  set(value: unknown): void {
    this.value = value;
    this.dispatchEvent(new Event("input"));
  }
}

/** Generators.input for test inputs. */
export function testInput(element: unknown): unknown {
  const input = element as TestInput;
  let fresh = input.value !== undefined;
  let resume: (() => void) | null = null;
  const listener = () => {
    fresh = true;
    resume?.();
  };
  input.addEventListener("input", listener);
  return {
    async next() {
      if (!fresh) await new Promise<void>((resolve) => (resume = resolve));
      fresh = false;
      return {done: false, value: input.value};
    },
    return() {
      input.removeEventListener("input", listener);
      return {done: true, value: undefined};
    }
  };
}

/** `[id, source, mode?, fields?]` of a cell. */
export type CellSpec = [number, string, CellMode?, Partial<Cell>?];

export function cellsOf(specs: CellSpec[]): Cell[] {
  return specs.map(([id, value, mode = "js", fields]) => toCell({id, value, mode, ...fields}));
}

/** A session over cells, with what they show. */
export class TestSession {
  readonly outputs = new Map<number, TestOutput>();
  readonly session: NotebookSession;
  /** What `note(x)` in cells was called with. */
  readonly notes: unknown[] = [];
  cells: Cell[];

  constructor(specs: CellSpec[], options: Partial<SessionOptions> = {}) {
    this.cells = cellsOf(specs);
    const {builtins, ...rest} = options;
    this.session = new NotebookSession({
      notebook: toNotebook({cells: this.cells}),
      createOutput: (cell) => {
        const output = new TestOutput();
        this.outputs.set(cell.id, output);
        return output;
      },
      builtins: {note: () => this.note, TestInput: () => TestInput, ...builtins},
      importModule: async (specifier) => {
        throw new Error(`no module ${specifier} in this test`);
      },
      input: testInput,
      ...rest
    });
  }

  note = (value: unknown): unknown => {
    this.notes.push(value);
    return value;
  };

  /** Runs everything and waits. */
  async run(ids?: number[], options?: {force?: boolean}): Promise<this> {
    await this.session.run(ids, options);
    await this.session.settled();
    return this;
  }

  /** Changes a cell's source in the document, without running it. */
  edit(id: number, fields: Partial<Cell> | string): void {
    const change = typeof fields === "string" ? {value: fields} : fields;
    this.set(this.cells.map((cell) => (cell.id === id ? {...cell, ...change} : cell)));
  }

  /** Edits and runs a cell, and waits. */
  async rerun(id: number, fields: Partial<Cell> | string): Promise<void> {
    this.edit(id, fields);
    await this.run([id]);
  }

  set(cells: Cell[]): void {
    this.cells = cells;
    this.session.update(cells);
  }

  shown(id: number): unknown[] {
    return this.outputs.get(id)?.values ?? [];
  }

  failure(id: number): CellError | null {
    return this.outputs.get(id)?.failure ?? null;
  }

  state(id: number): string | undefined {
    return this.session.status(id)?.state;
  }

  states(): string {
    return this.session
      .cells()
      .map(({state}) => state)
      .join(" ");
  }

  /** The notes since the last call. */
  take(): unknown[] {
    return this.notes.splice(0);
  }
}
