import { describe, expect, it } from "vitest";
import type { Copy } from "../src/editor/copies";
import { newest, stale, takenBack, type Unsent } from "../src/editor/unsaved_words";

const copy = (more: Partial<Copy> = {}): Copy => ({ tab: "a", version: 3, base: 2, title: "T", body: "Typed.", at: 2000, ...more });
const unsent = (more: Partial<Unsent> = {}): Unsent => ({
  tab: "a",
  version: 3,
  base: 2,
  title: "T",
  body: "Typed.",
  merged: false,
  kept_at: new Date(2000).toISOString(),
  ...more,
});
const page = { title: "T", text: "Stored.", unsent: null, settled: {} };

describe("which unsaved words come back", () => {
  it("none where none wait", () => {
    expect(newest(page, [])).toBeNull();
  });

  it("those of this browser where the desk never heard of them", () => {
    expect(newest(page, [copy()])?.body).toBe("Typed.");
  });

  it("those of the desk where this browser has none", () => {
    expect(newest({ ...page, unsent: unsent({ merged: true }) }, [])).toMatchObject({ body: "Typed.", merged: true, at: 2000 });
  });

  it("of the same window the later sending, whatever the clocks say", () => {
    const there = { ...page, unsent: unsent({ version: 5, body: "Desk." }) };
    expect(newest(there, [copy({ version: 6, body: "Browser.", at: 1 })])?.body).toBe("Browser.");
    expect(newest(there, [copy({ version: 5, body: "Browser.", at: 9000 })])?.body).toBe("Desk.");
    expect(newest(there, [copy({ version: 4, body: "Browser.", at: 9000 })])?.body).toBe("Desk.");
  });

  it("of different windows the later words", () => {
    const there = { ...page, unsent: unsent({ tab: "b", body: "Desk." }) };
    expect(newest(there, [copy({ at: 3000, body: "Browser." })])?.body).toBe("Browser.");
    expect(newest(there, [copy({ at: 1000, body: "Browser." })])?.body).toBe("Desk.");
    expect(newest(page, [copy({ at: 1 }), copy({ tab: "b", at: 2, body: "Later." })])?.body).toBe("Later.");
  });

  it("not what was saved or thrown away, or stands on the page anyway", () => {
    expect(stale(copy(), { ...page, settled: { a: 3 } })).toBe(true);
    expect(stale(copy(), { ...page, settled: { a: 2, b: 9 } })).toBe(false);
    expect(stale(copy({ body: "Stored." }), page)).toBe(true);
    expect(stale(copy({ body: "Stored.", title: "Another" }), page)).toBe(false);
    expect(newest({ ...page, settled: { a: 7 } }, [copy()])).toBeNull();
  });

  it("not what was taken back in this browser, though the desk has not heard of it yet", () => {
    const there = { ...page, unsent: unsent() };
    const none = copy({ version: 4, body: "", title: "", none: true });
    expect(newest(there, [none])).toBeNull();
    expect(takenBack(there, [none])).toEqual([none]);
    expect(newest({ ...page, unsent: unsent({ version: 5 }) }, [none])?.body).toBe("Typed."); // typed again since
    expect(newest({ ...page, unsent: unsent({ tab: "b" }) }, [none])?.body).toBe("Typed."); // in another window
    expect(newest(there, [none, copy({ tab: "b", body: "Other." })])?.body).toBe("Other.");
    expect(takenBack({ ...page, settled: { a: 4 } }, [none])).toEqual([]); // the desk has heard
  });
});
