import {expect, it} from "vitest";
import {Turn, Turns} from "../../src/training/worker/turns.ts";

/** Runs that take so many milliseconds a step, on a clock of their own; the number of steps of each. */
async function steps(stepMs: number[], totalMs: number, joinsAtMs: number[] = []): Promise<number[]> {
  let now = 0;
  const turns = new Turns(() => now);
  const counts = stepMs.map(() => 0);
  const waitUntil = async (ms: number) => {
    while (now < ms) await Promise.resolve();
  };
  await Promise.all(
    stepMs.map(async (ms, i) => {
      const turn = new Turn();
      await waitUntil(joinsAtMs[i] ?? 0);
      await turns.take(turn);
      while (now < totalMs) {
        now += ms;
        counts[i] += 1;
        if (turns.wanted && turns.heldMs >= 16) await turns.rotate(turn);
        else await Promise.resolve();
      }
      turns.pass(turn);
    })
  );
  return counts;
}

it("gives runs with short and long steps the same share of the time", async () => {
  const [fast, slow] = await steps([1, 200], 20_000);
  expect(fast).toBeGreaterThan(9_500);
  expect(slow * 200).toBeGreaterThan(9_500);
});

it("does not let a late run catch up for the time it was not there", async () => {
  const [early, late] = await steps([10, 10], 20_000, [0, 10_000]);
  expect(early - late).toBeGreaterThan(900);
});

it("lets one who waits leave, and the next go on", async () => {
  const turns = new Turns(() => 0);
  const [a, b, c] = [new Turn(), new Turn(), new Turn()];
  await turns.take(a);
  void turns.take(b);
  const third = turns.take(c);
  turns.pass(b);
  expect(turns.wanted).toBe(true);
  turns.pass(a);
  await third;
});
