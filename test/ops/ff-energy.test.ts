import {energyCases, energyFixtureCases} from "./ff-energy-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) {
  energyFixtureCases(backend);
  energyCases(backend);
}
