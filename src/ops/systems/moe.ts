import type {System} from "./system.ts";

/** The methods of petri/moe, in the order of the catalogue. */
export const moeSystems: readonly System[] = [];
