/** Small courtesies of every page. */
import { all, one } from "./dom";

/** The person's menu closes when the attention goes elsewhere. */
export function closeMenus(): void {
  for (const menu of all<HTMLDetailsElement>("details[data-menu]")) {
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target as Node)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      one("summary", menu)?.focus();
    });
  }
}

/** A dialog whose form came back with an error is open when the page is. */
export function openPopovers(): void {
  for (const dialog of all("[popover][data-open]")) dialog.showPopover();
}

/** After a refused form, the keyboard starts at what is wrong: at the words themselves, where an error names a place. */
export function showErrors(): void {
  const note = one("[data-focus]");
  const place = one<HTMLAnchorElement>("a[data-jump]", note ?? document)?.hash;
  const target = place ? document.getElementById(place.slice(1)) : null;
  (target ?? note)?.focus();
  target?.scrollIntoView({ block: "center" });
}
