/** A time that somebody types is meant in the zone of their own clock; without script it is UTC, and the page says so. */
import { keepCookie } from "./cookies";
import { all } from "./dom";

export function fillZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  keepCookie("zone", zone);
  for (const field of all<HTMLInputElement>("input[name=zone]")) field.value = zone;
  for (const said of all("[data-zone]")) said.textContent = zone.replaceAll("_", " ");
}

/** A field that belongs to some of the choices is shown with those alone; what was typed in it stays. */
export function showForChoice(): void {
  for (const part of all("[data-shown-for]")) {
    const form = part.closest("form");
    const wanted = (part.dataset["shownFor"] ?? "").split(" ");
    const follow = (): void => {
      const chosen = form?.querySelector<HTMLInputElement>("input[type=radio]:checked");
      part.hidden = !wanted.includes(chosen?.value ?? "");
    };
    form?.addEventListener("change", follow);
    follow();
  }
}
