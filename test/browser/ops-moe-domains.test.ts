import {moeDomainsCases} from "../ops/moe-domains-cases.ts";

moeDomainsCases("webgpu");
