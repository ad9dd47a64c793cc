import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { here, inCaseOf, Words } from "../../src/editor/house";
import { extension as prose } from "../../src/editor/prose";

const words = new Words([
  ["organization", "organisation"], ["GitHub", "Github"], ["website", "web site"], ["web", "webb"], ["Ibsen", null], ["email", "e-mail"],
]);
const found = (text: string): [string, string | null][] =>
  words.find(text).map(({ from, to, right }) => [text.slice(from, to), right]);

describe("the house's words", () => {
  it("are found whole, in any case, longest first", () => {
    expect(found("Organisation, organisations, ORGANISATION’s")).toEqual([
      ["Organisation", "Organization"], ["ORGANISATION", "ORGANIZATION"],
    ]);
    expect(found("A Web site by e-mail.")).toEqual([["Web site", "Website"], ["e-mail", "email"]]);
  });

  it("with capitals are meant exactly so", () => {
    expect(found("Github github GitHub")).toEqual([["Github", "GitHub"]]);
  });

  it("that are only known are right as they stand", () => {
    expect(found("Ibsen wrote")).toEqual([["Ibsen", null]]);
  });

  it("keep the case that was written", () => {
    expect(inCaseOf("GREY", "grey", "gray")).toBe("GRAY");
    expect(inCaseOf("Grey", "grey", "gray")).toBe("Gray");
    expect(inCaseOf("grey", "grey", "McGray")).toBe("McGray");
  });

  it("are counted where the text stands", () => {
    expect(words.find("the web site", 10)).toEqual([{ from: 14, to: 22, right: "website" }]);
  });

  it("are offered at the cursor, in prose and not in code", () => {
    const at = (text: string, anchor: number): string | null =>
      here(words, EditorState.create({ doc: text, selection: { anchor }, extensions: prose }))?.right ?? null;
    expect(at("An organisation.", 5)).toBe("organization");
    expect(at("An organisation.", 1)).toBeNull();
    expect(at("See `organisation` here", 8)).toBeNull();
    expect(at("Ibsen", 2)).toBeNull();
  });

  it("cost no more when there are ten thousand", () => {
    const many = new Words(Array.from({ length: 10_000 }, (_, at): [string, string] => [`right${at}`, `wrong${at}`]));
    expect(many.find("wrong9999 wrong wrong5").map(({ right }) => right)).toEqual(["right9999", "right5"]);
  });
});
