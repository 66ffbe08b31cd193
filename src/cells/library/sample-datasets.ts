import aapl from "@observablehq/sample-datasets/aapl.csv?url";
import alphabet from "@observablehq/sample-datasets/alphabet.csv?url";
import cars from "@observablehq/sample-datasets/cars.csv?url";
import citywages from "@observablehq/sample-datasets/citywages.csv?url";
import diamonds from "@observablehq/sample-datasets/diamonds.csv?url";
import flare from "@observablehq/sample-datasets/flare.csv?url";
import industries from "@observablehq/sample-datasets/industries.csv?url";
import miserables from "@observablehq/sample-datasets/miserables.json?url";
import olympians from "@observablehq/sample-datasets/olympians.csv?url";
import penguins from "@observablehq/sample-datasets/penguins.csv?url";
import pizza from "@observablehq/sample-datasets/pizza.csv?url";
import weather from "@observablehq/sample-datasets/weather.csv?url";

/** The format's sample datasets by builtin name, as addresses of files that we serve ourselves. */
const ADDRESSES: Record<string, string> = {
  aapl,
  alphabet,
  cars,
  citywages,
  diamonds,
  flare,
  industries,
  miserables,
  olympians,
  penguins,
  pizza,
  weather
};

async function load(name: string, address: string): Promise<unknown> {
  const [response, {autoType, csvParse}] = await Promise.all([fetch(address), import("d3-dsv")]);
  if (!response.ok)
    throw new Error(`the sample dataset ${name} could not be read: ${address} answered ${response.status}`);
  return address.includes(".json") ? response.json() : csvParse(await response.text(), autoType);
}

/** Builtins that each load one dataset: an array of objects (`miserables`: {nodes, links}). */
export const sampleDatasets: Record<string, () => Promise<unknown>> = Object.fromEntries(
  Object.entries(ADDRESSES).map(([name, address]) => [name, () => load(name, address)])
);
