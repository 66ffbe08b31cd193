// petri/zoo: well-known networks as layers, each in a file of its own; `describe` tells their parameters and FLOPs.
export {mlp} from "../core/layers/mlp.ts";
export * from "./autoencoder.ts";
export * from "./char-transformer.ts";
export * from "./conv-n.ts";
export * from "./describe.ts";
export * from "./gcn.ts";
export * from "./lenet-300-100.ts";
export * from "./lenet5.ts";
export * from "./mlp-mixer.ts";
export * from "./resnet.ts";
export * from "./rnn-language-model.ts";
export * from "./vit.ts";
