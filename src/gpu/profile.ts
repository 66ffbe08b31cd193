// Looks at the kernels of a few steps when somebody asks; at other times nothing is measured. Replayed steps ask here.
import type {KernelProfile, StepProfile} from "./types.ts";

/** A dispatch of a step, as it is looked at. */
export interface ProfiledDispatch {
  label: string;
  bytes: number;
}

/** How a recorded step is looked at while it is given to the GPU. */
export interface StepProbe {
  /** For each dispatch a pass of its own that notes its times; undefined where the adapter has no clock. */
  passFor: ((dispatch: number) => GPUComputePassDescriptor) | undefined;
  /** To be called when all commands were given, before they are submitted. */
  end(encoder: GPUCommandEncoder): void;
  /** To be called after they were submitted. */
  submitted(): void;
}

/** Steps that are looked at: browsers round their clocks, and many times rounded are right in the mean. */
const STEPS = 20;
/** A run of which no step was seen by then has its own loop. */
const OWN_LOOP_MS = 5000;

const NO_CLOCK = "The GPU's adapter tells no times (it has no timestamp-query).";
const OWN_LOOP =
  "No step of fit or planned was made: the operations of a loop of one's own are not recorded, and so there is nothing to look at.";

/** Looks at the next steps of one run. */
export class Profiler {
  private readonly wanted: number;
  private readonly finish: (profile: StepProfile) => void;
  private readonly timer: ReturnType<typeof setTimeout>;
  private readonly clocks = new Map<object, PlanClock>();
  private begun = 0;
  private isOver = false;

  /** `finish` is called once, when the profile is there or cannot be had. */
  constructor(finish: (profile: StepProfile) => void, {steps = STEPS, ownLoopMs = OWN_LOOP_MS} = {}) {
    this.wanted = steps;
    this.finish = finish;
    this.timer = setTimeout(() => this.giveUp(OWN_LOOP), ownLoopMs);
  }

  /** Called before a replayed step: how to look at it; undefined when enough were seen. */
  probe(device: GPUDevice, plan: object, dispatches: readonly ProfiledDispatch[]): StepProbe | undefined {
    clearTimeout(this.timer);
    if (this.isOver || this.begun >= this.wanted) return undefined;
    const known = this.clocks.get(plan) ?? new PlanClock(device, dispatches, this.wanted);
    this.clocks.set(plan, known);
    ++this.begun;
    const isLast = this.begun === this.wanted;
    const {passFor} = known;
    return {
      passFor,
      end: (encoder) => known.end(encoder),
      submitted: () => {
        if (isLast) void this.collect();
      }
    };
  }

  /** Called after a step that was not a replayed one. `refused`: why none of them ever will be. */
  ordinary(refused: string | undefined): void {
    clearTimeout(this.timer);
    if (refused !== undefined) this.giveUp(`Steps are not recorded: ${refused}.`);
  }

  /** Ends it: the run is over, or nothing can be seen. */
  giveUp(reason: string): void {
    if (this.begun > 0 && this.begun < this.wanted && !this.isOver) void this.collect();
    else if (this.begun === 0) this.end({steps: 0, kernels: [], reason});
  }

  private async collect(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    const steps = this.begun;
    try {
      const clocks = [...this.clocks.values()];
      const kernels = (await Promise.all(clocks.map((clock) => clock.read()))).flat();
      const isTimed = clocks.every(({passFor}) => passFor !== undefined);
      this.isOver = false;
      this.end({steps, kernels: summed(kernels, steps), ...(!isTimed && {reason: NO_CLOCK})});
    } catch (error) {
      this.isOver = false;
      this.end({steps: 0, kernels: [], reason: `The times could not be read: ${String(error)}`});
    }
  }

  private end(profile: StepProfile): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    for (const clock of this.clocks.values()) clock.dispose();
    this.finish(profile);
  }
}

/** The times of the dispatches of one plan, over some steps. */
class PlanClock {
  readonly passFor: StepProbe["passFor"];
  private readonly dispatches: readonly ProfiledDispatch[];
  private readonly queries: GPUQuerySet | undefined;
  private readonly resolved: GPUBuffer | undefined;
  private readonly times: GPUBuffer | undefined;
  private readonly stride: number;
  private steps = 0;

  constructor(device: GPUDevice, dispatches: readonly ProfiledDispatch[], mostSteps: number) {
    this.dispatches = dispatches;
    this.stride = 16 * dispatches.length;
    if (!device.features.has("timestamp-query") || dispatches.length === 0) return;
    const querySet = device.createQuerySet({type: "timestamp", count: 2 * dispatches.length});
    this.queries = querySet;
    this.resolved = device.createBuffer({
      size: this.stride,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC
    });
    this.times = device.createBuffer({
      size: mostSteps * this.stride,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ
    });
    this.passFor = (dispatch) => ({
      timestampWrites: {
        querySet,
        beginningOfPassWriteIndex: 2 * dispatch,
        endOfPassWriteIndex: 2 * dispatch + 1
      }
    });
  }

  end(encoder: GPUCommandEncoder): void {
    const {queries, resolved, times, stride} = this;
    if (queries && resolved && times) {
      encoder.resolveQuerySet(queries, 0, queries.count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, times, this.steps * stride, stride);
    }
    ++this.steps;
  }

  /** Every dispatch of every step. */
  async read(): Promise<KernelProfile[]> {
    const {dispatches, steps, times, stride} = this;
    await times?.mapAsync(GPUMapMode.READ, 0, steps * stride);
    const stamps = times && new BigUint64Array(times.getMappedRange(0, steps * stride));
    return Array.from({length: steps}, (_, step) =>
      dispatches.map(({label, bytes}, i): KernelProfile => {
        const at = 2 * (step * dispatches.length + i);
        const milliseconds = stamps
          ? Number((stamps[at + 1] as bigint) - (stamps[at] as bigint)) / 1e6
          : null;
        return {name: label, calls: 1, bytes, milliseconds};
      })
    ).flat();
  }

  dispose(): void {
    this.queries?.destroy();
    this.resolved?.destroy();
    this.times?.destroy();
  }
}

/** By kernel, for one step, the longest first. */
function summed(all: readonly KernelProfile[], steps: number): KernelProfile[] {
  const sums = new Map<string, KernelProfile>();
  for (const each of all) {
    const {name, calls, bytes, milliseconds} = sums.get(each.name) ?? {
      ...each,
      calls: 0,
      bytes: 0,
      milliseconds: 0
    };
    sums.set(name, {
      name,
      calls: calls + each.calls,
      bytes: bytes + each.bytes,
      milliseconds: each.milliseconds === null ? null : (milliseconds ?? 0) + each.milliseconds
    });
  }
  const means = [...sums.values()].map(({name, calls, bytes, milliseconds}) => ({
    name,
    calls: calls / steps,
    bytes: bytes / steps,
    milliseconds: milliseconds === null ? null : milliseconds / steps
  }));
  return means.sort((a, b) => (b.milliseconds ?? b.bytes) - (a.milliseconds ?? a.bytes));
}

let current: Profiler | undefined;

/** Called before each step of a run: who looks at its steps; undefined for nobody. */
export function enterProfiler(profiler: Profiler | undefined): void {
  current = profiler;
}

/** Who looks at the step that is under way. */
export function currentProfiler(): Profiler | undefined {
  return current;
}
