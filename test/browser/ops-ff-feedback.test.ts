import {feedbackCases} from "../ops/ff-feedback-cases.ts";
import {forwardGradientCases} from "../ops/ff-forward-gradient-cases.ts";
import {pepitaCases} from "../ops/ff-pepita-cases.ts";

feedbackCases("webgpu");
forwardGradientCases("webgpu");
pepitaCases("webgpu");
