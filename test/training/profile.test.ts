import {afterEach, expect, it} from "vitest";
import {currentProfiler} from "../../src/gpu/profile.ts";
import {closePages, fn, openPage, until, when} from "./support/page.ts";

afterEach(closePages);

const endless = fn("async function* endless() { for (;;) yield {loss: 1}; }");

it("looks at the steps of a run when it is asked, and only then", async () => {
  const {trainer, workers} = openPage();
  const run = trainer.train(endless);
  await when(run, ({last}) => last !== null);
  expect(currentProfiler()).toBeUndefined();
  run.requestProfile();
  run.requestProfile();
  expect(run.profile).toBe("waiting");
  await until(() => currentProfiler() !== undefined);
  currentProfiler()?.ordinary("it reads on the CPU");
  await when(run, ({profile}) => profile !== "waiting");
  expect(run.profile).toEqual({
    steps: 0,
    kernels: [],
    reason: "Steps are not recorded: it reads on the CPU."
  });
  await until(() => currentProfiler() === undefined);
  expect(workers[0]?.received.filter(({type}) => type === "profile")).toHaveLength(1);
  run.cancel();
});

it("waits no longer when the run is over", async () => {
  const {trainer} = openPage();
  const run = trainer.train(endless);
  await when(run, ({last}) => last !== null);
  run.requestProfile();
  run.cancel();
  await when(run, ({ended}) => ended);
  expect(run.profile).not.toBe("waiting");
  expect(currentProfiler()).toBeUndefined();
  run.requestProfile();
  expect(run.profile).not.toBe("waiting");
});
