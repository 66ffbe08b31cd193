import {afterEach, beforeEach, describe, expect, it, vi} from "vitest";
import {Fold} from "../../../src/cells/run/fold.ts";

describe("Fold", () => {
  let busy = false;
  const changed = vi.fn();
  let fold: Fold;

  beforeEach(() => {
    vi.useFakeTimers();
    changed.mockClear();
    busy = false;
    fold = new Fold(changed, () => busy);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("shows a run that is going, and a finished one as a line", () => {
    fold.start("running");
    expect(fold.open).toBe(true);
    fold.start("completed");
    expect(fold.open).toBe(false);
    fold.start("failed");
    expect(fold.open).toBe(true);
  });

  it("folds some time after a good end, not before", () => {
    fold.start("running");
    fold.follow("completed");
    expect(fold.open).toBe(true);
    vi.runAllTimers();
    expect(fold.open).toBe(false);
    expect(changed).toHaveBeenCalledOnce();
  });

  it("stays open when a new run begins before it folded", () => {
    fold.start("running");
    fold.follow("cancelled");
    fold.follow("running");
    vi.runAllTimers();
    expect(fold.open).toBe(true);
  });

  it("does not open for a run that is over at once", () => {
    fold.start("completed");
    fold.follow("running");
    vi.advanceTimersByTime(100);
    fold.follow("completed");
    vi.runAllTimers();
    expect(fold.open).toBe(false);
    expect(changed).not.toHaveBeenCalled();
  });

  it("opens for a run that takes longer", () => {
    fold.start("completed");
    fold.follow("running");
    vi.runAllTimers();
    expect(fold.open).toBe(true);
  });

  it("waits until whoever is at it has left", () => {
    fold.start("running");
    busy = true;
    fold.follow("completed");
    vi.runAllTimers();
    expect(fold.open).toBe(true);
    busy = false;
    fold.left();
    vi.runAllTimers();
    expect(fold.open).toBe(false);
  });

  it("opens at once for what went wrong", () => {
    fold.start("completed");
    fold.follow("diverged");
    expect(fold.open).toBe(true);
  });

  it("leaves a person's choice alone", () => {
    fold.start("completed");
    fold.toggle();
    fold.follow("running");
    fold.follow("completed");
    vi.runAllTimers();
    expect(fold.open).toBe(true);
    fold.toggle();
    fold.follow("failed");
    vi.runAllTimers();
    expect(fold.open).toBe(false);
  });
});
