import {doubtPlans} from "../../gpu/plan/planned-steps.ts";
import {Profiler} from "../../gpu/profile.ts";
import type {BackendInfo} from "../../gpu/types.ts";
import {frameOf} from "../capture/frames.ts";
import type {WorkerModules} from "../capture/revive.ts";
import type {EndedMessage, StartMessage} from "../protocol.ts";
import {type KeepTimes, RunKeeper} from "../resume.ts";
import {AstrayError, Attempt} from "./attempt.ts";
import type {TrainingEngine} from "./engine.ts";
import {logText} from "./log-text.ts";
import {Outbox, type OutboxHost} from "./outbox.ts";
import type {Turns} from "./turns.ts";

/** A function that fails on a device may have been told of its loss before we were. */
const lossMs = 100;
/** A run that loses its device so often without a new row is what kills it. */
const maxLosses = 3;

/** What a run needs of its worker. */
export interface TaskHost extends OutboxHost {
  engine: TrainingEngine;
  /** The engine after this one, when its device was lost. */
  nextEngine(): Promise<TrainingEngine>;
  modules: WorkerModules;
  turns: Turns;
  /** Called when a run is about to step. */
  tookTurn(runId: string): void;
  hop(): Promise<void>;
  /** How long a cancelled function may go on in one step, when it waits for something. */
  patienceMs: number;
  /** How often trainings are kept to go on from. */
  keepTimes?: KeepTimes;
}

type Outcome = Pick<EndedMessage, "status" | "error">;

const cancelled: Outcome = {status: "cancelled", error: null};

/** One run in the worker: however often its device is lost, it goes on on the next one, and says so. */
export class RunTask {
  readonly #start: StartMessage;
  readonly #data: unknown;
  readonly #host: TaskHost;
  readonly #outbox: Outbox;
  readonly #keeper: RunKeeper;
  #live: Readonly<Record<string, unknown>>;
  #liveChanged = false;
  #cancelled = false;
  #attempt: Attempt | null = null;
  #profiler: Profiler | undefined;
  /** Why the device of the attempt under way is gone. */
  #lost: string | null = null;
  #onLost: (() => void) | null = null;
  #released: (() => void) | null = null;
  /** Times that it was lost since the last new row. */
  #losses = {count: 0, rowCount: 0};

  constructor(start: StartMessage, data: unknown, host: TaskHost) {
    this.#start = start;
    this.#data = data;
    this.#host = host;
    this.#live = start.live;
    this.#outbox = new Outbox(start.runId, host);
    this.#keeper = new RunKeeper(host.now, host.keepTimes);
  }

  /** Ends the run at its next step boundary; when its function only waits, in `patienceMs` at the latest. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#attempt?.cancel();
  }

  setLive(values: Readonly<Record<string, unknown>>): void {
    this.#live = {...this.#live, ...values};
    this.#liveChanged = true;
    // A recorded step may have read the old ones.
    doubtPlans();
  }

  /** Looks at the next steps, and tells the page what they do. */
  profile(): void {
    this.#profiler ??= new Profiler((profile) => {
      this.#profiler = undefined;
      this.#host.post({type: "profile", runId: this.#start.runId, profile}, []);
    });
  }

  acknowledge(sizeBytes: number): void {
    this.#outbox.acknowledge(sizeBytes);
  }

  /** Notes an error that surfaced outside of the run's steps. What a lost device leaves behind is none. */
  complain(reason: unknown): void {
    if (this.#lost === null) this.#outbox.log("error", logText([reason]));
  }

  /** The device is gone, and all tensors with it. Resolves when the run has let go of them. */
  loseDevice(reason: string): Promise<void> {
    this.#lost = reason;
    this.#onLost?.();
    if (!this.#attempt) return Promise.resolve();
    const released = new Promise<void>((resolve) => {
      this.#released = resolve;
    });
    this.#attempt.giveUp(new Error(`The GPU was lost: ${reason}`));
    return released;
  }

  /** Trains to the end and says how it ended; never rejects. */
  async run(): Promise<void> {
    let {engine} = this.#host;
    let outcome = await this.#try(engine);
    while (outcome === null) {
      const from = engine.backend;
      const reason = this.#lost ?? "";
      try {
        engine = await this.#host.nextEngine();
      } catch (error) {
        outcome = this.#interrupted(
          `The GPU was lost: ${reason}. Nothing else can compute: ${messageOf(error)}`
        );
        break;
      }
      this.#lost = null;
      outcome = this.#cancelled
        ? cancelled
        : (this.#lostTooOften(reason) ??
          this.#unrepeatable(reason) ??
          (await this.#goOn(engine, from, reason)));
    }
    this.#profiler?.giveUp("The run was over before a step was looked at.");
    this.#outbox.flush();
    const {runId} = this.#start;
    this.#host.post({type: "ended", runId, ...outcome, memory: engine.memory()}, []);
  }

  /** One attempt, and a second one from the first step where what was kept led nowhere. */
  async #goOn(engine: TrainingEngine, from: BackendInfo, reason: string): Promise<Outcome | null> {
    const {place} = this.#keeper;
    const isMoved = from.name !== engine.backend.name || from.adapter !== engine.backend.adapter;
    const {runId} = this.#start;
    this.#host.post({type: "resumed", runId, backend: engine.backend, isMoved}, []);
    this.#note(reason, engine.backend, place);
    const outcome = await this.#try(engine);
    const led =
      outcome === null || outcome.status === "completed" || this.#outbox.rowCount > this.#losses.rowCount;
    if (place === null || led || this.#cancelled) return outcome;
    this.#keeper.forget();
    const refusal = this.#unrepeatable(reason);
    if (refusal) return refusal;
    this.#outbox.log(
      "note",
      "What was kept of the run could not be gone on from: it is computed again from its first step."
    );
    return this.#try(engine);
  }

  /** Null when the device was lost meanwhile. */
  async #try(engine: TrainingEngine): Promise<Outcome | null> {
    const attempt = new Attempt({
      ...this.#host,
      engine,
      start: this.#start,
      data: this.#data,
      outbox: this.#outbox,
      live: () => this.#live,
      profiler: () => this.#profiler,
      keeping: engine.canBeLost ? this.#keeper.context() : undefined
    });
    this.#attempt = attempt;
    if (this.#cancelled) attempt.cancel();
    try {
      const ending = await attempt.run();
      if (ending) return ending;
      return this.#cancelled ? cancelled : null;
    } catch (error) {
      if (engine.canBeLost && !this.#cancelled) await this.#waitForLoss();
      if (this.#cancelled) return cancelled;
      return this.#lost === null ? this.#failure(error, attempt) : null;
    } finally {
      this.#attempt = null;
      this.#released?.();
      this.#released = null;
    }
  }

  #waitForLoss(): Promise<void> {
    if (this.#lost !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLost = resolve;
      setTimeout(resolve, lossMs);
    });
  }

  /** A step may be what takes the device down: then it would do so for ever. */
  #lostTooOften(reason: string): Outcome | null {
    const {rowCount} = this.#outbox;
    const isNew = rowCount > this.#losses.rowCount;
    this.#losses = {count: isNew ? 1 : this.#losses.count + 1, rowCount};
    if (this.#losses.count < maxLosses) return null;
    return this.#interrupted(
      `The GPU was lost ${maxLosses} times without a new row in between (${reason}): a step of this run may be too much for it. Try ?backend=wasm in the page's address, or smaller steps.`
    );
  }

  /** A loop cannot be computed again with live values that it did not have from the start. */
  #unrepeatable(reason: string): Outcome | null {
    const {rowCount, lastStep} = this.#outbox;
    if (!this.#keeper.isEmpty || !this.#liveChanged || rowCount === 0) return null;
    return this.#interrupted(
      `The GPU was lost: ${reason}. Live values had been changed before step ${lastStep}, so that its rows cannot be computed again.`
    );
  }

  #note(reason: string, {name, adapter}: BackendInfo, place: {step: number; trainings: number} | null): void {
    const at =
      this.#outbox.lastStep === null ? "before its first row" : `at step ${count(this.#outbox.lastStep)}`;
    const where = name === "webgpu" ? name : `${name} (${adapter})`;
    const training = place && place.trainings > 1 ? ` of training ${place.trainings}` : "";
    const from = place
      ? `went on from step ${count(place.step)}${training}`
      : "computed again from its first step";
    this.#outbox.log("note", `The GPU was lost (${reason}) ${at}; ${from} on ${where}.`);
    this.#outbox.flush();
  }

  #interrupted(message: string): Outcome {
    return {status: "interrupted", error: {name: "Error", message, frame: null}};
  }

  #failure(error: unknown, {scripts}: Attempt): Outcome {
    if (error instanceof AstrayError) {
      return this.#interrupted(
        `${error.message} It could not be continued after the GPU was lost: Recompute begins anew.`
      );
    }
    const {name, message} =
      error instanceof Error
        ? error
        : {
            name: "Error",
            message: typeof error === "string" ? error : `The function threw ${logText([error])}`
          };
    return {status: "failed", error: {name, message, frame: frameOf(error, scripts)}};
  }
}

const messageOf = (error: unknown) =>
  `${(error instanceof Error ? error.message : String(error)).replace(/\.$/, "")}.`;

const count = (step: number) => step.toLocaleString("en-US");
