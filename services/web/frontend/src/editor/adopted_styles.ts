/**
 * CodeMirror's own styles as a constructed sheet: a <style> element would need a hole in the content security policy.
 * `vite.config.ts` puts this in the place of the package "style-mod" for everyone but this file.
 */
import { StyleModule as Original } from "style-mod";

type Modules = Parameters<typeof Original.mount>[1];

/** To "style-mod" this looks like a shadow root, for which it constructs a sheet; it stands for the whole document. */
class Adopting {
  constructor(readonly ownerDocument: Document) {}
  get adoptedStyleSheets(): CSSStyleSheet[] {
    return this.ownerDocument.adoptedStyleSheets;
  }
  set adoptedStyleSheets(sheets: CSSStyleSheet[]) {
    this.ownerDocument.adoptedStyleSheets = sheets;
  }
}

const adopting = new WeakMap<Document, ShadowRoot>();

export class StyleModule extends Original {
  static override mount(root: Document | ShadowRoot | DocumentOrShadowRoot, modules: Modules): void {
    if (!(root instanceof Document)) return Original.mount(root as ShadowRoot, modules);
    const target = adopting.get(root) ?? (new Adopting(root) as unknown as ShadowRoot);
    adopting.set(root, target);
    Original.mount(target, modules);
  }
}
