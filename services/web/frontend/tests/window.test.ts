import { beforeEach, describe, expect, it, vi } from "vitest";

type Window = typeof import("../src/window");

/** A page of this window is opened: the module anew, the session's storage as it is. */
async function page(): Promise<Window> {
  vi.resetModules();
  return import("../src/window");
}

const leave = (): boolean => window.dispatchEvent(new Event("pagehide"));

beforeEach(() => sessionStorage.clear());

describe("a window's name", () => {
  it("is one that the desk takes, and stays", async () => {
    const { windowName } = await page();
    expect(windowName()).toMatch(/^[A-Za-z0-9-]{1,36}$/);
    expect(windowName()).toBe(windowName());
  });

  it("outlives a reload, with the count of its sendings", async () => {
    const before = await page();
    const name = before.windowName();
    expect([before.nextSending(), before.nextSending()]).toEqual([1, 2]);
    leave();
    const after = await page();
    expect(after.windowName()).toBe(name);
    expect(after.nextSending()).toBe(3);
  });

  it("outlives a reload also when last words are sent on the way out", async () => {
    const before = await page();
    const name = before.windowName();
    leave();
    before.nextSending();
    const after = await page();
    expect([after.windowName(), after.lastSending()]).toEqual([name, 1]);
  });

  it("is not shared with a copy of the window, which gets the storage too", async () => {
    const original = (await page()).windowName();
    expect((await page()).windowName()).not.toBe(original);
  });

  it("never falls behind what the desk has seen", async () => {
    const { atLeast, lastSending, nextSending } = await page();
    atLeast(40);
    expect(nextSending()).toBe(41);
    atLeast(7);
    expect(lastSending()).toBe(41);
  });

  it("works where nothing can be stored", async () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new Error("no room");
    });
    const { windowName, nextSending } = await page();
    expect(windowName()).toBe(windowName());
    expect([nextSending(), nextSending()]).toEqual([1, 2]);
  });

  it("makes nothing of nonsense in the storage", async () => {
    sessionStorage.setItem("copydesk-window", '{"name": 7}');
    expect((await page()).nextSending()).toBe(1);
  });
});
