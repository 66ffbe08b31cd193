import {hebbianCases, hebbianFixtureCases} from "./ff-hebbian-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) {
  hebbianFixtureCases(backend);
  hebbianCases(backend);
}
