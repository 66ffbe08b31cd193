import {expect, test} from "vitest";
import {newProfileWithoutGpu} from "./support/browser.ts";
import {notebookText, openNotebook, workbench} from "./support/workbench.ts";

const networks = notebookText("Networks", [
  'import * as zoo from "petri/zoo";\nimport {describe, lenet5} from "petri/zoo";',
  "display(`${describe(lenet5(), [28, 28, 1]).params} parameters`);",
  `const run = train(async function* ({ops}) {
  const model = zoo.mlpMixer({classes: 3, features: 4, layers: 1, tokenUnits: 2, channelUnits: 2});
  const data = {
    name: "blank", inputs: new Float32Array(4 * 64), inputShape: [8, 8, 1], labels: Int32Array.of(0, 1, 2, 0), classes: 3
  };
  for await (const row of ops.fit(model, data, {steps: 2}))
    yield {...row, parameters: describe(model, [8, 8, 1]).params};
}, {name: "mixer"});
display(\`\${(await run).parameters} in the worker\`);`
]);

test("the networks of petri/zoo are there in a cell, and by the same names in its training", async () => {
  const {address} = await workbench({networks});
  const petri = await openNotebook(await newProfileWithoutGpu(), address, "networks");
  expect((await petri.settled()).filter(({error}) => error)).toEqual([]);
  await petri.cell(2).getByText("61706 parameters").waitFor();
  // 16 x 4 + 4; 2 norms of 8; across 4 patches 4 x 2 + 2 + 2 x 4 + 4, across features the same; 8; 4 x 3 + 3.
  await petri.cell(3).getByText("151 in the worker").waitFor();
  expect(petri.errors).toEqual([]);
});
