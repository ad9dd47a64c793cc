/** Acts on many rows: one box for all on the page, and the bar says how many are ticked. Without script a choice does. */
import { all, one } from "./dom";

export function chooseMany(): void {
  const form = one<HTMLFormElement>("form[data-bulk]");
  if (form === null) return;
  const boxes = all<HTMLInputElement>("input[name=document]", form);
  const every = one<HTMLInputElement>("[data-bulk-all]", form);
  const ticked = one<HTMLOptionElement>("[data-bulk-count]", form);
  const bar = one<HTMLDetailsElement>("[data-bulk-bar]", form);
  const which = one<HTMLSelectElement>("select[name=which]", form);

  const follow = (): void => {
    const count = boxes.filter((box) => box.checked).length;
    if (bar && count) bar.open = true;
    if (ticked) ticked.textContent = count ? `${count} ticked` : "The ticked ones";
    if (every) {
      every.checked = count === boxes.length;
      every.indeterminate = count > 0 && count < boxes.length;
    }
  };
  if (every) {
    every.hidden = false;
    every.addEventListener("change", () => {
      for (const box of boxes) box.checked = every.checked;
      follow();
    });
  }
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.name === "document") {
      if (which) which.value = "ticked";
      follow();
    }
  });
  window.addEventListener("pageshow", follow); // the browser may have kept what was ticked
  follow();
}
