import { beforeEach, describe, expect, it, vi } from "vitest";
import { Copies } from "../src/editor/copies";
import { came, mergedWith, waits } from "../src/editor/merging";
import { briefly, sentence } from "../src/editor/presence";
import { NEWS, Refused, tell, type News, type Other } from "../src/telling";

const other = (more: Partial<Other> = {}): Other => ({
  name: "Ada",
  doing: "writing",
  paragraph: 3,
  since: new Date(2026, 0, 5, 14, 2).toISOString(),
  own: false,
  ...more,
});

describe("who is here, in words", () => {
  it("says who does what, where and since when", () => {
    expect(sentence(other())).toBe("Ada is editing, paragraph 3, since 14:02");
    expect(sentence(other({ doing: "reading" }))).toBe("Ada is reading, since 14:02");
    expect(sentence(other({ paragraph: null }))).toBe("Ada is editing, since 14:02");
    expect(sentence(other({ own: true }))).toBe("You are editing in another window, paragraph 3, since 14:02");
  });

  it("reads out less than it shows", () => {
    expect(briefly(other())).toBe("Ada is editing");
    expect(briefly(other({ own: true }))).toBe("You are editing in another window");
  });
});

describe("what came meanwhile, in words", () => {
  it("names whose it is", () => {
    expect(waits("Ben", 8)).toBe("Ben saved version 8. Yours will be merged when you save.");
    expect(waits("you", 8)).toBe("You, in another window, saved version 8. Yours will be merged when you save.");
    expect(came("the machine", 8)).toBe("The machine saved version 8. It is in the text now.");
    expect(mergedWith(["Ada", "Ben"], 9)).toBe("Saved as version 9, merged with the words of Ada and Ben.");
    expect(mergedWith(["you, in another window"], 9)).toBe("Saved as version 9, merged with the words of your other window.");
    expect(mergedWith([], 9)).toBe("Saved as version 9, merged with the words of others.");
  });
});

describe("copies in this browser", () => {
  const copy = { tab: "a", version: 1, base: 2, title: "T", body: "B", at: Date.now() };
  beforeEach(() => localStorage.clear());

  it("are this person's and this document's, newest first", () => {
    const mine = new Copies(1, "doc");
    mine.write(copy);
    mine.write({ ...copy, tab: "b", at: copy.at + 5 });
    new Copies(2, "doc").write(copy);
    new Copies(1, "other").write(copy);
    expect(mine.all().map((one) => one.tab)).toEqual(["b", "a"]);
    mine.remove("b");
    expect(mine.all().map((one) => one.tab)).toEqual(["a"]);
  });

  it("are forgotten at log-out with everything that begins so", () => {
    expect(new Copies(1, "doc").key("a")).toMatch(/^copydesk:/);
  });

  it("make nothing of nonsense, of old words, of a full storage", () => {
    const mine = new Copies(1, "doc");
    localStorage.setItem(mine.key("x"), "{");
    localStorage.setItem(mine.key("y"), '{"body": 1}');
    mine.write({ ...copy, at: copy.at - 31 * 24 * 3600 * 1000 });
    expect(mine.all()).toEqual([]);
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new Error("no room");
    });
    expect(mine.write(copy)).toBe(false);
  });
});

describe("talking to the desk", () => {
  const news: News = { head: 3, by: "Ada", state: "editing", others: [], csrf: "fresh" };
  const answers = (...list: Response[]): ReturnType<typeof vi.fn> => {
    const fetched = vi.fn(() => Promise.resolve(list.shift() ?? Response.error()));
    vi.stubGlobal("fetch", fetched);
    return fetched;
  };
  const json = (body: object, status = 200): Response => Response.json(body, { status });

  beforeEach(() => {
    document.body.innerHTML = '<p data-presence="/here" data-token="old"></p><input name="csrf_token" value="old">';
  });

  it("hears the news and goes on with the fresh token", async () => {
    const fetched = answers(json(news));
    const heard = vi.fn();
    document.addEventListener(NEWS, heard, { once: true });
    await tell("POST", "/x", {});
    expect(heard).toHaveBeenCalledOnce();
    expect((fetched.mock.calls[0]?.[1] as RequestInit).headers).toMatchObject({ "X-CSRFToken": "old" });
    expect(document.querySelector("input")?.value).toBe("fresh");
    expect(document.querySelector("p")?.dataset["token"]).toBe("fresh");
  });

  it("asks for a fresh token where the old one is refused, and tries once more", async () => {
    const fetched = answers(json({ error: "too old" }, 400), json(news), json({ ...news, head: 4 }));
    expect((await tell("PUT", "/x", {})).head).toBe(4);
    expect(fetched.mock.calls.map((call) => call[0] as string)).toEqual(["/x", "/here", "/x"]);
  });

  it("says how it was refused", async () => {
    answers(json({ error: "Gone." }, 404));
    const refusal = await tell("PUT", "/x", {}).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ status: 404, message: "Gone." });
  });
});
