import {ops} from "../../../../src/ops/index.ts";
import {trainOurs} from "../../peers/ours.ts";
import {SIZES, task} from "./task.ts";

export const ours = (batch: number) => trainOurs(task(batch), ops.zoo.charTransformer(SIZES));
