import {describe, expect, test} from "vitest";
import {type Clock, immediateClock, type PageClockSource, pageClock} from "../../src/runtime/clock.ts";
import {ReactiveRuntime} from "../../src/runtime/reactive-runtime.ts";

/** A page whose frames, timers and messages come when they are told to. */
class FakePage implements PageClockSource {
  hidden = false;
  frames: (() => void)[] = [];
  timers: (() => void)[] = [];
  messages: (() => void)[] = [];
  #visibility: () => void = () => {};

  document = {
    addEventListener: (_: string, listener: () => void) => {
      this.#visibility = listener;
    }
  } as PageClockSource["document"];

  constructor() {
    Object.defineProperty(this.document, "hidden", {get: () => this.hidden});
  }

  requestAnimationFrame = (callback: () => void) => this.frames.push(callback);
  setTimeout = (callback: () => void) => this.timers.push(callback);

  channel = () => {
    const port1: {onmessage: (() => void) | null} = {onmessage: null};
    const port2 = {postMessage: () => this.messages.push(() => port1.onmessage?.())};
    return {port1, port2} as unknown as MessageChannel;
  };

  hide(): void {
    this.hidden = true;
    this.#visibility();
  }

  run(queue: (() => void)[]): void {
    for (const callback of queue.splice(0)) callback();
  }
}

describe("pageClock", () => {
  test("follows the frames of a visible page", () => {
    const page = new FakePage();
    const log: string[] = [];
    pageClock(page).frame(() => log.push("frame"), true);
    page.run(page.messages);
    expect(log).toEqual([]);
    page.run(page.frames);
    expect(log).toEqual(["frame"]);
  });

  test("goes on in a hidden page: values at once, animations slowly", () => {
    const page = new FakePage();
    page.hide();
    const clock = pageClock(page);
    const log: string[] = [];
    clock.frame(() => log.push("value"), true);
    clock.frame(() => log.push("animation"), false);
    page.run(page.messages);
    expect(log).toEqual(["value"]);
    page.run(page.timers);
    expect(log).toEqual(["value", "animation"]);
    expect(page.frames).toEqual([]);
  });

  test("what waited for a frame goes on when the page is hidden, once", () => {
    const page = new FakePage();
    const log: string[] = [];
    pageClock(page).frame(() => log.push("frame"), true);
    page.hide();
    page.run(page.messages);
    page.run(page.frames);
    expect(log).toEqual(["frame"]);
  });
});

test("a value that changes while only an animation waits does not wait with it", async () => {
  const waiting: {callback: () => void; urgent: boolean}[] = [];
  const clock: Clock = {
    task: setImmediate,
    frame: (callback, urgent) => void waiting.push({callback, urgent})
  };
  const runtime = new ReactiveRuntime(undefined, clock);
  const main = runtime.module();
  const seen: unknown[] = [];
  const next = () => new Promise((resolve) => setImmediate(resolve));
  main.variable({fulfilled: (value) => seen.push(value)}).define("i", function* () {
    for (let i = 0; ; i++) yield i;
  });
  waiting.shift()?.callback();
  await next();
  expect(waiting.map(({urgent}) => urgent)).toEqual([false]);
  main.variable({fulfilled: (value) => seen.push(value)}).define("a", "value");
  expect(waiting.map(({urgent}) => urgent)).toEqual([false, true]);
  waiting[1].callback();
  await next();
  expect(seen).toContain("value");
});

test("immediateClock keeps the order", async () => {
  const clock = immediateClock();
  const log: number[] = [];
  clock.frame(() => log.push(1), false);
  clock.task(() => log.push(2));
  clock.frame(() => log.push(3), true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual([1, 2, 3]);
});
