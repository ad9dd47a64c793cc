import { beforeEach, expect, test } from "vitest";
import { chooseMany } from "../src/selecting";

const box = (id: number): string => `<input type="checkbox" name="document" value="${id}">`;

beforeEach(() => {
  document.body.innerHTML = `<form data-bulk>
    <details data-bulk-bar><select name="which">
      <option value="ticked" data-bulk-count>The ticked ones</option><option value="found">All</option>
    </select></details>
    <input type="checkbox" data-bulk-all hidden>${box(1)}${box(2)}</form>`;
  chooseMany();
});

const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!;

test("the box of all is there with script, and ticks every row", () => {
  const all = find<HTMLInputElement>("[data-bulk-all]");
  expect(all.hidden).toBe(false);
  all.click();
  expect(document.querySelectorAll("input[name=document]:checked")).toHaveLength(2);
  expect(find("[data-bulk-count]").textContent).toBe("2 ticked");
  all.click();
  expect(document.querySelectorAll("input[name=document]:checked")).toHaveLength(0);
  expect(find("[data-bulk-count]").textContent).toBe("The ticked ones");
});

test("ticking a row opens the bar and means the ticked ones", () => {
  const which = find<HTMLSelectElement>("select");
  which.value = "found";
  find<HTMLInputElement>("input[name=document]").click();
  expect(find<HTMLDetailsElement>("details").open).toBe(true);
  expect(which.value).toBe("ticked");
  expect(find<HTMLInputElement>("[data-bulk-all]").indeterminate).toBe(true);
});
