/** Short names for finding elements, typed. */
export const one = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T | null =>
  root.querySelector<T>(selector);

export const all = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T[] =>
  Array.from(root.querySelectorAll<T>(selector));

/** After what the person waits for: between two keys rather than at one, and within a second all the same. */
export function whenIdle(then: () => void): void {
  if ("requestIdleCallback" in window) window.requestIdleCallback(then, { timeout: 1_000 });
  else then();
}

export const calm = (): boolean => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
