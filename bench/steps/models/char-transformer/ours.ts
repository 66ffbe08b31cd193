import {ops} from "../../../../src/ops/index.ts";
import {trainOurs} from "../../peers/ours.ts";
import {SIZES, task} from "./task.ts";

export const ours = () => trainOurs(task(), ops.zoo.charTransformer(SIZES));
