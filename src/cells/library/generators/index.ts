export {input} from "./input.ts";
export {observe, queue} from "./observe.ts";
export {dark, now, width} from "./page.ts";
