/** A row of buttons that the keyboard enters once: arrows go from one to the next, Home and End to the edges. */
import { all } from "../dom";

const REMEMBERED = "copydesk-mode-";

export interface Button {
  name: string; // as in web/shortcuts.py, where it has a key
  label: string; // its accessible name
  shows?: string; // what stands on it, when that is not the label
  icon?: string; // or a path to draw, 24 by 24
  keys?: string; // as the hint says them: "Ctrl B"
  press: () => void;
}

export interface Mode {
  name: string;
  label: string;
  on: boolean; // before anyone chose
  set: (on: boolean) => void;
}

export class Bar {
  private current: HTMLButtonElement | null = null;

  constructor(
    readonly element: HTMLElement,
    label: string,
  ) {
    element.setAttribute("role", "toolbar");
    element.setAttribute("aria-label", label);
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("focusin", (event) => this.enter(event.target as HTMLButtonElement));
  }

  add(button: Button): HTMLButtonElement {
    const made = this.make(button);
    made.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps focus and selection
    made.addEventListener("click", button.press);
    return made;
  }

  /** A way to look at the text that is on or off, and remembered in this browser. */
  addMode(mode: Mode): HTMLButtonElement {
    const made = this.make(mode);
    const kept = remembered(mode.name);
    const show = (on: boolean): void => {
      made.setAttribute("aria-pressed", String(on));
      mode.set(on);
    };
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", () => {
      const on = made.getAttribute("aria-pressed") !== "true";
      remember(mode.name, on ? "on" : "off");
      show(on);
    });
    show(kept === null ? mode.on : kept === "on");
    return made;
  }

  /** A thin line between groups. */
  divide(): void {
    const line = document.createElement("span");
    line.className = "bar-line";
    this.element.append(line);
  }

  private make({ name, label, shows, icon, keys }: Omit<Button, "press">): HTMLButtonElement {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "bar-button";
    made.dataset["act"] = name;
    if (icon) made.append(drawn(icon));
    else made.textContent = shows ?? label;
    if (icon || shows) made.setAttribute("aria-label", label);
    if (keys) made.setAttribute("aria-keyshortcuts", keys.replaceAll(" ", "+").replace("Ctrl", isMac() ? "Meta" : "Control"));
    if (keys || icon || shows) made.title = keys ? `${label} (${keysHere(keys)})` : label;
    made.tabIndex = this.current ? -1 : 0;
    this.current ??= made;
    this.element.append(made);
    return made;
  }

  private enter(button: HTMLButtonElement): void {
    if (button.parentElement !== this.element) return;
    if (this.current) this.current.tabIndex = -1;
    button.tabIndex = 0;
    this.current = button;
  }

  private key(event: KeyboardEvent): void {
    const buttons = all<HTMLButtonElement>("button:not([hidden], [disabled])", this.element);
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length]?.focus();
  }
}

const NAMES: Record<string, string> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };

const isMac = (platform: string = navigator.platform): boolean => /^(Mac|iPhone|iPad)/.test(platform);

/** Keys as this machine names them: “Ctrl B” is “⌘ B” on a Mac. */
export const keysHere = (keys: string, platform?: string): string =>
  isMac(platform) ? keys.replace(/\w+/g, (key) => NAMES[key] ?? key) : keys;

/** A browser that keeps nothing shows everything as it is at first. */
function remembered(name: string): string | null {
  try {
    return localStorage.getItem(REMEMBERED + name);
  } catch {
    return null;
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(REMEMBERED + name, value);
  } catch {
    // Then it is chosen anew next time.
  }
}

function drawn(path: string): SVGElement {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: "18", height: "18", "aria-hidden": "true" })) {
    icon.setAttribute(name, value);
  }
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  icon.append(line);
  return icon;
}
