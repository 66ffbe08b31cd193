import {hebbianFixtureCases} from "../ops/ff-hebbian-cases.ts";

hebbianFixtureCases("webgpu");
