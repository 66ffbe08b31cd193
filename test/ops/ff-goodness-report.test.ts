import {goodnessReportCases} from "./ff-goodness-report-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS) goodnessReportCases(backend);
