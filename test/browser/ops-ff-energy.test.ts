import {energyFixtureCases} from "../ops/ff-energy-cases.ts";

energyFixtureCases("webgpu");
