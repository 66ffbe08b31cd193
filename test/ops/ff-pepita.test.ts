import {pepitaCases} from "./ff-pepita-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) pepitaCases(backend);
