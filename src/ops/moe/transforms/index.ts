// Trained networks made into mixtures of experts, and mixtures made smaller.

export type {Ffn, FfnOptions, FfnsReplaced} from "./ffn.ts";
export type {Network, Place} from "./layers.ts";
export {type Upcycled, type UpcycleOptions, upcycle} from "./upcycle.ts";
export {upcycleVirtualGroups, type VirtualGroupOptions} from "./virtual-groups.ts";
