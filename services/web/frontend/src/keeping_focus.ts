/** Parts of the page that the server draws anew while somebody may be in them. */
import { all } from "./dom";

const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";

/**
 * Draws a part of the page anew; what has the focus in it keeps it: the same link or button of the new part, or, where
 * there is none, the part itself; and what was in sight stays so. `part` finds it, before and after.
 */
export function keepingFocus(part: () => HTMLElement | null, draw: () => void): void {
  const before = part();
  const held = document.activeElement;
  const inside = before !== null && held instanceof HTMLElement && held !== before && before.contains(held) ? held : null;
  if (!inside || !before) return draw();
  const seen = inSight(inside);
  const like = twins(before, inside);
  const number = like.indexOf(inside);
  draw();
  const now = part();
  if (!now || (inside.isConnected && document.activeElement === inside)) return;
  const same = twins(now, inside);
  const next = same[number] ?? same[0] ?? now;
  next.focus({ preventScroll: true });
  if (seen) next.scrollIntoView({ block: "nearest" }); // who reads elsewhere is not carried off
}

function inSight(one: HTMLElement): boolean {
  const { top, bottom } = one.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

/** Those that one would take for the same. */
const twins = (part: HTMLElement, one: HTMLElement): HTMLElement[] =>
  all<HTMLElement>(STOPS, part).filter((other) => named(other) === named(one));

const named = (one: HTMLElement): string =>
  JSON.stringify([
    one.tagName,
    one.id,
    ...["name", "value", "href", "formaction", "aria-label"].map((name) => one.getAttribute(name)),
    one.closest("form")?.getAttribute("action"),
    one.textContent?.replace(/\s+/g, " ").trim(),
  ]);
