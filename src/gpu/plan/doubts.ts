/** How often something happened outside of steps that they may depend on: every plan compares itself then. */
export const doubts = {count: 0};
