import type {JaxDevice} from "../peers/jax-js.ts";
import type {Contender} from "../task.ts";
import * as transformer from "./char-transformer/index.ts";
import * as lenet5 from "./lenet5/index.ts";
import * as mlp from "./mlp/index.ts";
import type {ModelName} from "./names.ts";

/** Opens a contender on the backend that is in use. */
type Open = (batch: number, device: JaxDevice) => Contender | Promise<Contender>;

const contenders = ({ours, plainTfjs, jaxJs}: {ours: Open; plainTfjs: Open; jaxJs: Open}) => ({
  petri: ours,
  tfjs: plainTfjs,
  "jax-js": jaxJs
});

/** A training step of each model, by library: the same computation from the same numbers. */
export const models = {
  "MLP 784-300-100-10": contenders(mlp),
  "LeNet-5": contenders(lenet5),
  "char transformer": contenders(transformer)
} satisfies Record<ModelName, Record<string, Open>>;
