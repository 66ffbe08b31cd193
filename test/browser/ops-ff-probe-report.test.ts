import {probeReportCases} from "../ops/ff-probe-report-cases.ts";

probeReportCases("webgpu");
