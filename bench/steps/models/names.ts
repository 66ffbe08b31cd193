/** The models that all contenders train. */
export const modelNames = ["MLP 784-300-100-10", "LeNet-5", "char transformer"] as const;

export type ModelName = (typeof modelNames)[number];
