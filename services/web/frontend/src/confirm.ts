/** A question before an act that is hard to take back: buttons with `data-confirm`. Without script the form just posts. */
import { all } from "./dom";

export function askFirst(root: ParentNode = document): void {
  for (const button of all<HTMLButtonElement>("button[data-confirm]", root)) {
    button.addEventListener("click", (event) => {
      if (button.form === null) return;
      event.preventDefault();
      const { form } = button;
      ask(button.dataset["confirm"] ?? "", button.dataset["confirmDetail"] ?? "", button.textContent.trim(), () =>
        form.requestSubmit(button),
      );
    });
  }
}

function ask(question: string, detail: string, yes: string, then: () => void): void {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const title = add(dialog, "h2", question);
  title.id = "confirm-title";
  if (detail) add(dialog, "p", detail);
  const acts = add(dialog, "div", "");
  acts.className = "acts";
  const no = add(acts, "button", "Not now");
  no.className = "btn btn-quiet";
  no.addEventListener("click", () => dialog.close());
  const go = add(acts, "button", yes);
  go.className = "btn btn-go";
  go.addEventListener("click", () => {
    dialog.close();
    then();
  });
  dialog.addEventListener("close", () => dialog.remove()); // the browser gives the focus back to the button
  document.body.append(dialog);
  dialog.showModal();
}

function add<K extends keyof HTMLElementTagNameMap>(to: HTMLElement, tag: K, text: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  to.append(element);
  return element;
}
