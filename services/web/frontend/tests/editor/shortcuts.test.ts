import { describe, expect, it } from "vitest";
import { KEYS } from "../../src/editor/keys";
import { asks, nameKeys } from "../../src/editor/sheet";
import { switches } from "../../src/editor/calm";

const files = import.meta.glob<string>("../../../copydesk/web/shortcuts.py", { query: "?raw", import: "default", eager: true });
const table = Object.values(files)[0] ?? "";

describe("the table of shortcuts", () => {
  it("has every key of the text, as it is bound", () => {
    for (const { name, key } of KEYS) {
      const keys = key.split("-").map((one) => (one === "Mod" ? "Ctrl" : one.toUpperCase() === one || one.length > 1 ? one : one.toUpperCase()));
      const row = new RegExp(`Shortcut\\("${name}", "[^"]+", \\(${keys.map((one) => `"${one}"`).join(", ")},?\\)`);
      expect(table, `${name}: ${keys.join(" ")}`).toMatch(row);
    }
  });
});

describe("its keys", () => {
  const press = (key: string, more: KeyboardEventInit = {}): KeyboardEvent => new KeyboardEvent("keydown", { key, ...more });

  it("open it: ? outside the text, Ctrl / anywhere", () => {
    expect(asks(press("?", { shiftKey: true }), false)).toBe(true);
    expect(asks(press("?", { shiftKey: true }), true)).toBe(false);
    expect(asks(press("/", { ctrlKey: true }), true)).toBe(true);
    expect(asks(press("/"), false)).toBe(false);
  });

  it("have other names on a Mac", () => {
    document.body.innerHTML = "<kbd>Ctrl</kbd><kbd>Shift</kbd><kbd>F</kbd>";
    nameKeys(document.body, "MacIntel");
    expect(document.body.textContent).toBe("⌘⇧F");
    nameKeys(document.body, "Linux x86_64");
    expect(document.body.textContent).toBe("⌘⇧F");
  });

  it("leave only the sheet", () => {
    expect(switches(press("F", { ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(switches(press("f", { ctrlKey: true }))).toBe(false);
  });
});
