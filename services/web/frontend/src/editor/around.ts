/** What stands around the sheet is brought up to date after a save: version, shares, what happened. */
import { one } from "../dom";
import { renew } from "../queue";
import type { Desk } from "./desk";

/** Parts with `data-part` are replaced by the page's own news; what the keyboard is in stays. */
export function keepUpToDate(desk: Desk): void {
  const root = one("#main");
  if (!root) return;
  let head = desk.data.head;
  desk.onRefresh((data) => {
    if (data.head === head) return;
    head = data.head;
    void look(root);
  });
}

async function look(root: HTMLElement): Promise<void> {
  try {
    const answer = await fetch(window.location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.ok && !answer.redirected) renew(root, await answer.text());
  } catch {
    // The sheet itself is as it should be; the rest comes with the next save.
  }
}
