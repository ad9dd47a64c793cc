/** A page that waits for the machine: asks how it stands and is loaded anew when that is over. */
import { one } from "./dom";
import { ask, patience, pause, seen } from "./polling";
import { reload } from "./reload";

interface Standing {
  done: boolean;
  message: string;
  next_ms: number;
}

export function waitForMachine(): void {
  const root = one("[data-wait-url]");
  if (root) void wait(root, root.dataset["waitUrl"] ?? "");
}

async function wait(root: HTMLElement, url: string): Promise<void> {
  const say = one("[data-wait-message]", root);
  let failures = 0;
  for (let rest = 300; ; ) {
    await pause(rest);
    await seen();
    try {
      const standing = await ask<Standing>(url);
      if (standing === "gone" || standing.done) return reload();
      if (say && standing.message && say.textContent !== standing.message) say.textContent = standing.message;
      failures = 0;
      rest = standing.next_ms || 500;
    } catch {
      rest = patience(failures++);
    }
  }
}
