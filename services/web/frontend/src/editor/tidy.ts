/** Tidying up begins on a page of its own, which shows what would change; what was typed is saved on the way there. */
import { one } from "../dom";
import type { Desk } from "./desk";

export function tidies(desk: Desk): void {
  const plain = (): HTMLButtonElement | null => one<HTMLButtonElement>("[data-tidy]");
  if (!plain()) return;
  desk.tools.add({ name: "tidy", label: "Tidy up", press: () => plain()?.click() });
}
