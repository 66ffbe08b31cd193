import {feedbackCases} from "./ff-feedback-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) feedbackCases(backend);
