/**
 * Whether a value is shown as it is. A node that has another parent belongs there and is inspected instead; so is a
 * prototype, which is an `instanceof Element` but cannot be inserted, and a fragment, which insertion would empty.
 */
export function isDisplayable(value: unknown, root: Node): value is Element | Text {
  return (
    (value instanceof Element || value instanceof Text) &&
    value instanceof value.constructor &&
    (!value.parentNode || root.contains(value))
  );
}
