/** The admin's page of the queue looks again by itself; what the person is using just then is left as it is. */
import { askFirst } from "./confirm";
import { all, one } from "./dom";
import { patience, pause, seen } from "./polling";
import { reload } from "./reload";

const EVERY = 4_000;

export function watchQueue(): void {
  const root = one("[data-queue-url]");
  if (root) void watch(root, root.dataset["queueUrl"] ?? "");
}

async function watch(root: HTMLElement, url: string): Promise<void> {
  for (let wait = EVERY, failures = 0; ; ) {
    await pause(wait);
    await seen();
    try {
      const answer = await fetch(url, { cache: "no-store" });
      if (answer.redirected || [401, 403, 404].includes(answer.status)) return reload();
      if (!answer.ok) throw new Error(String(answer.status));
      renew(root, await answer.text());
      [wait, failures] = [EVERY, 0];
    } catch {
      wait = Math.max(EVERY, patience(failures++));
    }
  }
}

/** What a person can see of it: the forms' tokens are new every time. */
const bare = (html: string): string => html.replace(/name="csrf_token" value="[^"]*"/g, "");

/** Replaces each part that says something new, unless the keyboard is in it. */
export function renew(root: HTMLElement, html: string): void {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const part of all("[data-part]", root)) {
    const fresh = one(`[data-part="${part.dataset["part"] ?? ""}"]`, page);
    if (!fresh || part.contains(document.activeElement)) continue;
    for (const details of all<HTMLDetailsElement>("details[id]", part)) {
      const same = one<HTMLDetailsElement>(`#${CSS.escape(details.id)}`, fresh);
      if (same) same.open = details.open;
    }
    if (bare(fresh.innerHTML) === bare(part.innerHTML)) continue;
    part.replaceChildren(...fresh.childNodes);
    askFirst(part);
  }
}
