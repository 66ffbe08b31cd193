import {recordedCases} from "../ops/ff-rules-cases.ts";

recordedCases();
