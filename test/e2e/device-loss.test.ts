import {expect, test} from "vitest";
import {notebookText, workbench} from "./support/workbench.ts";

// Slow enough to be kept before the GPU goes: that is done every two seconds. The run waits for the loss, because on a busy
// machine it would be over before the page's tables answer how far it is.
const training = (
  name: string,
  {losesAt = 0} = {}
) => `const ${name} = train(async function* ({ops, key, params}) {
  const moons = ops.datasets.twoMoons({n: 200, seed: 1});
  for await (const row of ops.fit(ops.mlp([2, 8, 2]), moons, {steps: 300, key, logEvery: 2})) {
    yield row;
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (row.step !== params.losesAt || globalThis.petriLost) continue;
    globalThis.petriLost = true;
    await ops.tf.backend().device.lost;
    return;
  }
}, {name: "${name}", params: {losesAt: ${losesAt}}, cache: false});
display(${name});
await ${name};`;

const losses = (name: string) =>
  `SELECT step::INT AS step, value FROM metrics JOIN runs r USING (run_id) WHERE r.name = '${name}' AND key = 'loss' ORDER BY step`;

test("a run outlives the browser's GPU process, to the numbers of an unbroken one", async () => {
  const {open, profile, write} = await workbench({whole: notebookText("Whole", [training("whole")])});
  const petri = await open("whole");
  await petri.settled();
  const whole = await petri.rows(losses("whole"));
  expect(whole).toHaveLength(151);
  await write("broken", notebookText("Broken", [training("broken", {losesAt: 160})]));
  const other = await open("broken");
  await other.rowsReach(`SELECT count(*)::INT FROM (${losses("broken")})`, 80);
  const devtools = await profile.browser()?.newBrowserCDPSession();
  const {processInfo = []} = (await devtools?.send("SystemInfo.getProcessInfo")) ?? {};
  const gpu = processInfo.find(({type}) => type === "GPU");
  if (!gpu) throw new Error("This browser has no GPU process.");
  process.kill(gpu.id, "SIGKILL");
  await other.page
    .getByText(/^The GPU was lost \(.+\) at step \d+; went on from step \d+ on webgpu\.$/)
    .waitFor();
  await other.settled();
  expect(await other.rows(losses("broken"))).toEqual(whole);
  expect(await other.rows("SELECT status::VARCHAR AS status FROM runs WHERE name = 'broken'")).toEqual([
    {status: "completed"}
  ]);
  expect(other.errors).toEqual([]);
});
