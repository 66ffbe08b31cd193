import {input} from "./input.ts";
import {observe, queue} from "./observe.ts";
import {dark, now, width} from "./page.ts";

/** Observable's builtin `Generators`. */
export const Generators = {dark, input, now, observe, queue, width};
