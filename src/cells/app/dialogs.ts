import {html, nothing, render, type TemplateResult} from "lit";
import {openDialog} from "./open-dialog.ts";

/** One answer of a dialog. */
interface Choice<T> {
  label: string;
  value: T;
  kind?: "brand" | "danger" | "neutral";
}

interface Field {
  label: string;
  value: string;
  hint?: string;
  /** Says what is wrong with a text, or null when it will do. */
  check(value: string): string | null;
}

interface Question<T> {
  title: string;
  body?: string | TemplateResult;
  field?: Field;
  /** The last is the one that Enter gives. */
  choices: readonly Choice<T>[];
}

/** What was answered; `text` is the field's. */
export interface Answer<T> {
  value: T;
  text: string;
}

type DialogElement = HTMLElement & {open: boolean};

/** Asks in a dialog; null when it was closed without an answer. */
export async function ask<T>(question: Question<T>): Promise<Answer<T> | null> {
  await import("./wa-dialog.ts");
  const host = document.createElement("div");
  document.body.append(host);
  let answer: Answer<T> | null = null;
  let text = question.field?.value ?? "";
  let touched = false;

  await new Promise<void>((resolve) => {
    const draw = (): void => {
      render(dialog(), host);
    };
    const close = (): void => {
      const element = host.querySelector<DialogElement>("wa-dialog");
      if (element) element.open = false;
    };
    const give = ({value}: Choice<T>): void => {
      touched = true;
      if (question.field?.check(text.trim())) {
        draw();
        return;
      }
      answer = {value, text: text.trim()};
      close();
    };
    const dialog = (): TemplateResult => html`<wa-dialog
      class="petri-dialog"
      label=${question.title}
      @wa-after-hide=${(event: Event) => event.target === event.currentTarget && resolve()}
    >
      <form
        @submit=${(event: Event) => {
          event.preventDefault();
          const last = question.choices.at(-1);
          if (last) give(last);
        }}
      >
        ${question.body ? html`<div class="dialog-body">${question.body}</div>` : nothing}
        ${question.field ? field(question.field) : nothing}
      </form>
      <div slot="footer" class="dialog-choices">
        ${question.choices.map(
          (choice, index) => html`<wa-button
            size="s"
            variant=${choice.kind ?? "neutral"}
            appearance=${choice.kind ? "accent" : "outlined"}
            ?autofocus=${!question.field && index === question.choices.length - 1}
            @click=${() => give(choice)}
            >${choice.label}</wa-button
          >`
        )}
      </div>
    </wa-dialog>`;
    const field = ({label, hint, check}: Field): TemplateResult => html`<wa-input
        autofocus
        size="s"
        label=${label}
        hint=${hint ?? ""}
        .value=${text}
        @input=${(event: Event) => {
          text = (event.target as HTMLInputElement).value;
          draw();
        }}
        @keydown=${(event: KeyboardEvent) => {
          const last = question.choices.at(-1);
          if (event.key !== "Enter" || event.isComposing || !last) return;
          event.preventDefault();
          give(last);
        }}
      ></wa-input>
      <p class="dialog-problem" role="alert">${touched ? (check(text.trim()) ?? "") : ""}</p>`;
    draw();
    void openDialog(host);
  });

  render(nothing, host);
  host.remove();
  return answer;
}

/** Asks before something that cannot be taken back. */
export async function confirmDanger(title: string, body: string, label: string): Promise<boolean> {
  const answer = await ask({
    title,
    body,
    choices: [
      {label: "Cancel", value: false},
      {label, value: true, kind: "danger"}
    ]
  });
  return answer?.value ?? false;
}
