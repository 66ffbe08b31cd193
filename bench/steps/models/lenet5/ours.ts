import {ops} from "../../../../src/ops/index.ts";
import {trainOurs} from "../../peers/ours.ts";
import {task} from "./task.ts";

export const ours = () => trainOurs(task(), ops.zoo.lenet5());
