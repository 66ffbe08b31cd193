import {fitLifeCases} from "./fit-life-cases.ts";

fitLifeCases("cpu");
fitLifeCases("wasm");
