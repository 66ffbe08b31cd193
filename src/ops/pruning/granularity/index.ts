// What is pruned as one: channels, blocks, or so many weights of each group.
export * from "./block.ts";
export {type ChannelOptions, channel} from "./channel.ts";
export type {Granularity, Pooling, Together, Within} from "./granularity.ts";
export * from "./n-by-m.ts";
