/** What we use of @observablehq/runtime 6.0.1, which ships no types. Underscored names are its private members. */
declare module "@observablehq/runtime" {
  export type VariableDefinition = (this: unknown, ...inputs: never[]) => unknown;

  export interface Observer {
    /** The element that `visibility` watches. */
    _node?: object;
    pending?(): void;
    fulfilled?(value: unknown, name: string | null): void;
    rejected?(error: unknown, name: string | null): void;
  }

  export interface Variable {
    define(name: string | null, inputs: readonly string[], definition: unknown): this;
    define(name: string, definition: unknown): this;
    define(inputs: readonly string[], definition: unknown): this;
    define(definition: unknown): this;
    import(name: string, module: Module): this;
    import(name: string, alias: string, module: Module): this;
    delete(): this;
    readonly _name: string | null;
    readonly _inputs: Variable[];
    readonly _outputs: Set<Variable>;
    readonly _module: Module;
    /** A symbol where nobody observes. */
    readonly _observer: Observer | symbol;
    _promise: Promise<unknown>;
    _value: unknown;
    _version: number;
    _invalidate(): void;
  }

  export interface Injection {
    name: string;
    alias?: string;
  }

  export interface Module {
    variable(observer?: Observer | true | null, options?: {shadow?: Record<string, unknown>}): Variable;
    define(name: string | null, inputs: readonly string[], definition: unknown): Variable;
    define(name: string, definition: unknown): Variable;
    define(inputs: readonly string[], definition: unknown): Variable;
    define(definition: unknown): Variable;
    redefine(name: string, inputs: readonly string[], definition: unknown): Variable;
    redefine(name: string, definition: unknown): Variable;
    import(name: string, module: Module): Variable;
    import(name: string, alias: string, module: Module): Variable;
    derive(injections: readonly (string | Injection)[], module: Module): Module;
    builtin(name: string, value: unknown): void;
    value(name: string): Promise<unknown>;
    readonly _runtime: Runtime;
    readonly _scope: Map<string, Variable>;
  }

  export class Runtime {
    constructor(builtins?: Record<string, unknown>, global?: (name: string) => unknown);
    module(define?: (runtime: Runtime, observer: unknown) => void, observer?: unknown): Module;
    dispose(): void;
    _compute(): Promise<void>;
    _computeSoon(): Promise<void>;
    _computeNow(): Promise<void>;
    readonly _updates: Set<Variable>;
    readonly _dirty: Set<Variable>;
    readonly _disposed: boolean;
    readonly _builtin: Module;
    readonly _precomputes: unknown[];
  }

  export class RuntimeError extends Error {
    constructor(message: string, input?: string);
    input: string | undefined;
  }
}
