import {diffusionFixtureCases} from "../ops/ff-diffusion-cases.ts";

diffusionFixtureCases("webgpu");
