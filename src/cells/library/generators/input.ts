import {observe} from "./observe.ts";

/** The current value of a form control or of any element with a `value`. */
function currentValue(element: EventTarget): unknown {
  const control = element as HTMLInputElement;
  switch (control.type as string) {
    case "range":
    case "number":
      return control.valueAsNumber;
    case "date":
      return control.valueAsDate;
    case "checkbox":
      return control.checked;
    case "file":
      return control.multiple ? control.files : control.files?.[0];
    case "select-multiple":
      return Array.from((element as HTMLSelectElement).selectedOptions, (option) => option.value);
    default:
      return control.value;
  }
}

/** The event by which an element says that its value changed. */
function eventOf(element: EventTarget): string {
  switch ((element as HTMLInputElement).type) {
    case "button":
    case "submit":
    case "checkbox":
      return "click";
    case "file":
      return "change";
    default:
      return "input";
  }
}

/** Yields an element's value now (unless it is undefined) and after each of its input events. */
export function input(element: EventTarget): AsyncGenerator<unknown, undefined> {
  return observe<unknown>((notify) => {
    const event = eventOf(element);
    const changed = (): unknown => notify(currentValue(element));
    element.addEventListener(event, changed);
    const value = currentValue(element);
    if (value !== undefined) notify(value);
    return () => element.removeEventListener(event, changed);
  });
}
