/** What a training function is called with. */
export interface TrainContext<Ops = object> {
  ops: Ops;
  data: unknown;
  params: Readonly<Record<string, unknown>>;
  /** The current live values; read them in every step. */
  live: Readonly<Record<string, unknown>>;
  /** The random key of the run's seed. */
  key: unknown;
  /** Fires when the run is cancelled. */
  signal: AbortSignal;
  log(...values: unknown[]): void;
  /** Keeps a copy of a tree of tensors under a name (`latest` without one), on the page. */
  checkpoint(name: string, tree: unknown): Promise<void>;
  checkpoint(tree: unknown): Promise<void>;
}

/** What the context reads and writes of its run. */
export interface ContextHost {
  live(): Readonly<Record<string, unknown>>;
  log(values: unknown[]): void;
  checkpoint(name: string, tree: unknown): Promise<void>;
}

/** Puts together what a training function is called with. */
export function makeContext(
  parts: Pick<TrainContext, "ops" | "data" | "params" | "key" | "signal">,
  host: ContextHost
): TrainContext {
  return {
    ...parts,
    live: liveView(host.live),
    log: (...values: unknown[]) => host.log(values),
    checkpoint: (...args: unknown[]) =>
      args.length > 1 ? host.checkpoint(String(args[0]), args[1]) : host.checkpoint("latest", args[0])
  };
}

/** An object that always shows the current values, and refuses to be written to. */
function liveView(current: () => Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const refuse = () => {
    throw new TypeError("live is read-only: its values come from the page.");
  };
  return new Proxy(
    {},
    {
      get(_, name) {
        const values = current();
        if (typeof name === "string" && !(name in values)) {
          const known = Object.keys(values).join(", ") || "none";
          throw new ReferenceError(`live.${name} is not among the run's live values (${known}).`);
        }
        return values[name as string];
      },
      has: (_, name) => name in current(),
      ownKeys: () => Object.keys(current()),
      getOwnPropertyDescriptor: (_, name) => ({
        value: current()[name as string],
        enumerable: true,
        configurable: true
      }),
      set: refuse,
      defineProperty: refuse,
      deleteProperty: refuse
    }
  );
}
