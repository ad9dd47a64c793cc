/** Short names for finding elements, typed. */
export const one = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T | null =>
  root.querySelector<T>(selector);

export const all = <T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T[] =>
  Array.from(root.querySelectorAll<T>(selector));

export const calm = (): boolean => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
