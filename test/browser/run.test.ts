import "../../src/cells/styles/base.css";
import {afterEach, beforeAll, describe, expect, it, vi} from "vitest";
import {page, userEvent} from "vitest/browser";
import {createOutput} from "../../src/cells/output/create-output.ts";
import {PetriRun} from "../../src/cells/run/petri-run.ts";
import {runRenderer} from "../../src/cells/run/renderer.ts";
import type {RunView} from "../../src/cells/run/types.ts";
import {FakeRun} from "../cells/run/fake-run.ts";

/** The machine may be busy: a second is not long. */
function eventually<T>(check: () => T): Promise<Awaited<T>> {
  return vi.waitFor(check, {timeout: 10_000, interval: 20}) as Promise<Awaited<T>>;
}

beforeAll(() => page.viewport(1000, 700));
afterEach(() => document.body.replaceChildren());

async function show(run: RunView): Promise<PetriRun> {
  const card = Object.assign(new PetriRun(), {run, now: () => 200_000_000});
  document.body.append(card);
  await card.updateComplete;
  return card;
}

const find = (card: PetriRun, selector: string) => card.shadowRoot?.querySelector<HTMLElement>(selector);
const text = (card: PetriRun, selector: string) => shown(find(card, selector)).replace(/\s+/g, " ").trim();
// biome-ignore lint/performance/useDomNodeTextContent: what is meant is the text as it is laid out
const shown = (element: HTMLElement | null | undefined) => element?.innerText ?? "";
const panels = (card: PetriRun) => [...(card.shadowRoot?.querySelectorAll("petri-run-panel") ?? [])];

function train(run: FakeRun, from: number, to: number): void {
  for (let step = from; step < to; ++step) {
    run.add(step, {
      epoch: Math.floor(step / 100),
      loss: 2 / (step + 1),
      accuracy: step / 1000,
      ...(step % 10 ? {} : {testAccuracy: step / 1100})
    });
  }
  run.progress = {
    step: to - 1,
    totalSteps: 1000,
    fraction: (to - 1) / 1000,
    stepsPerSecond: 412,
    etaMs: 8100
  };
  run.notify();
}

function finish(run: FakeRun): void {
  train(run, 0, 1000);
  run.end("completed", 13_300);
}

describe("a run that lost its GPU", () => {
  it("says where it went on while it goes, beside its log, and in its line afterwards", async () => {
    const run = new FakeRun();
    const card = await show(run);
    const note = "The GPU was lost (driver reset) at step 1,230; went on from step 1,200 on webgpu.";
    run.logs = [
      {timeMs: 0, step: 3, level: "log", text: "hello"},
      {timeMs: 0, step: 3, level: "note", text: note}
    ];
    train(run, 0, 500);
    await eventually(() => expect(text(card, ".note")).toBe(note));
    expect(text(card, ".log")).toBe("hello");
    finish(run);
    await eventually(() => expect(text(card, ".summary")).toMatch(/s · resumed after a lost GPU · webgpu$/));
  });
});

describe("a run that is going", () => {
  it("shows name, parameters, progress, rate, time left and backend", async () => {
    const run = new FakeRun();
    const card = await show(run);
    train(run, 0, 500);
    await eventually(() =>
      expect(text(card, ".figures")).toBe("step 499 of 1,000 epoch 4 412 steps/s 9 s left webgpu")
    );
    expect(text(card, ".name")).toBe("lottery-ticket");
    expect(text(card, ".chips")).toBe("sparsity 0.9 width 300");
    expect(find(card, "[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("50");
  });

  it("draws one panel for each quantity, with train and test in it", async () => {
    const run = new FakeRun();
    const card = await show(run);
    train(run, 0, 500);
    await eventually(() => expect(panels(card)).toHaveLength(2));
    await eventually(() => {
      for (const panel of panels(card)) expect(panel.shadowRoot?.querySelector("canvas")).not.toBeNull();
    });
    const legends = panels(card).map((panel) =>
      shown(panel.shadowRoot?.querySelector<HTMLElement>(".legend"))
    );
    expect(legends[0]).toMatch(/^loss\s+0\.00400/);
    expect(legends[1]).toMatch(/^accuracy\s+train\s+0\.499\s+test\s+0\.445/);
  });

  it("says in the place of the rate that the worker does not answer", async () => {
    const run = new FakeRun();
    const card = await show(run);
    train(run, 0, 500);
    run.progress = {...run.progress, silentMs: 8200};
    run.notify();
    await eventually(() =>
      expect(text(card, ".figures")).toBe("step 499 of 1,000 epoch 4 not responding for 8 s webgpu")
    );
  });

  it("cancels", async () => {
    const run = new FakeRun();
    const card = await show(run);
    await userEvent.click(find(card, "[aria-label='Cancel run']") as HTMLElement);
    expect(run.cancelled).toBe(1);
    run.cancelling = true;
    run.notify();
    await eventually(() => expect(text(card, ".action")).toBe("Cancelling…"));
    expect(find(card, ".action")?.matches(":disabled")).toBe(true);
  });

  it("redraws at most once a frame, however often the run says something", async () => {
    const run = new FakeRun();
    const card = await show(run);
    train(run, 0, 10);
    await eventually(() => expect(panels(card)).toHaveLength(2));
    const render = vi.spyOn(card as unknown as {render(): unknown}, "render");
    for (let i = 0; i < 100; ++i) train(run, 10 + i, 11 + i);
    // Asked for after the card asked, so it comes after the card's.
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await card.updateComplete;
    expect(render).toHaveBeenCalledTimes(1);
  });

  it("lists no more than it must of a long log", async () => {
    const run = new FakeRun();
    run.logs = Array.from({length: 500}, (_, i) => ({
      timeMs: 0,
      step: null,
      level: "log" as const,
      text: `line ${i}`
    }));
    const card = await show(run);
    expect(text(card, "summary")).toBe("line 499 500 lines");
    expect(find(card, "pre")?.textContent?.split("\n")).toHaveLength(200);
  });

  it("stops listening when it leaves the page, and listens again when it is back", async () => {
    const run = new FakeRun();
    const card = await show(run);
    expect(run.listeners.size).toBe(1);
    card.remove();
    expect(run.listeners.size).toBe(0);
    document.body.append(card);
    expect(run.listeners.size).toBe(1);
  });
});

describe("a finished run", () => {
  it("is one line, and unfolds", async () => {
    const run = new FakeRun();
    finish(run);
    run.fromCache = true;
    const card = await show(run);
    expect(text(card, ".summary")).toBe(
      "test accuracy 0.900 · 12.3 s · from cache, computed 2 days ago on webgpu, NVIDIA H100"
    );
    expect(panels(card)).toHaveLength(0);
    expect(card.getBoundingClientRect().height).toBeLessThan(60);
    await userEvent.click(find(card, ".fold") as HTMLElement);
    await card.updateComplete;
    expect(find(card, ".fold")?.getAttribute("aria-expanded")).toBe("true");
    expect(panels(card)).toHaveLength(2);
  });

  it("can be computed again", async () => {
    const run = new FakeRun();
    finish(run);
    const card = await show(run);
    await userEvent.click(find(card, "[aria-label='Recompute run']") as HTMLElement);
    expect(run.recomputed).toBe(1);
  });

  it("stays open and says why when it diverged", async () => {
    const run = new FakeRun();
    train(run, 0, 20);
    run.end("diverged", 2000, "loss became NaN at step 19.");
    const card = await show(run);
    expect(text(card, ".summary")).toContain("diverged at step 19");
    expect(text(card, ".error")).toBe("loss became NaN at step 19.");
    expect(panels(card)).toHaveLength(2);
  });
});

it("keeps a place for the curves only while they may come", async () => {
  const run = new FakeRun();
  const card = await show(run);
  expect(card.offsetHeight).toBeGreaterThan(200);
  run.end("failed", 1100, "ops.nope is not a function");
  await eventually(() => expect(card.offsetHeight).toBeLessThan(120));
});

it("a cancelled run is no error", async () => {
  const run = new FakeRun();
  train(run, 0, 20);
  const card = await show(run);
  run.end("cancelled", 2000, "The run was cancelled.");
  await eventually(() => expect(text(card, ".summary")).toContain("cancelled at step 19"));
  expect(find(card, ".error")).toBeNull();
});

it("a card says of its own run that it failed, and of no other", () => {
  const card = runRenderer.render(new FakeRun({status: "failed", error: "no such layer"}), null);
  expect(runRenderer.tells?.(card, new Error("no such layer"))).toBe(true);
  expect(runRenderer.tells?.(card, new Error("another"))).toBe(false);
  expect(runRenderer.tells?.(runRenderer.render(new FakeRun(), null), new Error("another"))).toBe(false);
});

describe("the next run of the same cell", () => {
  it("takes over the card, with the old values faint until it has caught up", async () => {
    const host = document.createElement("div");
    document.body.append(host);
    const output = createOutput(host, {renderers: [runRenderer]});
    const first = new FakeRun();
    output.display(first);
    const card = host.querySelector("petri-run") as PetriRun;
    train(first, 0, 300);
    await eventually(() => expect(panels(card)).toHaveLength(2));

    const second = new FakeRun({runId: "run-2", params: {sparsity: 0.5, width: 300}});
    output.clear();
    output.display(second);
    await card.updateComplete;
    expect(host.querySelector("petri-run")).toBe(card);
    expect(first.listeners.size).toBe(0);
    expect(text(card, ".chips")).toBe("sparsity 0.9 0.5 width 300");
    expect(text(card, ".chips s")).toBe("0.9");
    train(second, 0, 100);
    await eventually(() => expect(panels(card)[0]?.rows?.step).toHaveLength(100));
    expect(panels(card)[0]?.ghost?.step).toHaveLength(300);
    train(second, 100, 400);
    await eventually(() => expect(panels(card)[0]?.ghost).toBeNull());
    expect(find(card, ".chips s")).toBeNull();
  });
});

it("reads its hues anew when the theme changes", async () => {
  const run = new FakeRun();
  train(run, 0, 50);
  const card = await show(run);
  const pixels = () => {
    const canvas = panels(card)[0]?.shadowRoot?.querySelector("canvas");
    return canvas ? canvas.toDataURL() : "";
  };
  await eventually(() => expect(pixels().length).toBeGreaterThan(2000));
  const light = pixels();
  document.documentElement.dataset.scheme = "dark";
  await eventually(() => expect(pixels()).not.toBe(light));
  delete document.documentElement.dataset.scheme;
});
