/** One candidate in the list beside the text. */

export interface Candidate {
  number: number;
  text: string;
  state: "queued" | "writing" | "done" | "failed" | "cancelled";
  fit: string; // "fits best"; empty while it is written
  take: string; // where to post to use it
}

export interface Standing {
  done: boolean;
  message: string;
  next_ms: number;
  candidates: Candidate[];
}

interface Acts {
  use: (candidate: Candidate) => void;
  show: (index: number) => void;
}

export function item(candidate: Candidate, index: number, acts: Acts): HTMLElement {
  const item = document.createElement("li");
  item.className = "candidate";
  const text = add(item, "p", candidate.text, "candidate-text");
  text.dir = "auto";
  text.id = `candidate-${index + 1}`;
  const foot = add(item, "div", "", "candidate-foot");
  add(foot, "span", candidate.state === "failed" ? "could not be written" : candidate.fit);
  if (candidate.state !== "done" || !candidate.fit) return item;
  const end = add(foot, "span", "");
  add(end, "kbd", String(index + 1));
  const use = add(end, "button", "Use this", "btn btn-small");
  use.type = "button";
  use.dataset["use"] = "";
  use.setAttribute("aria-label", `Use this: candidate ${index + 1}, ${candidate.fit}`);
  use.setAttribute("aria-describedby", text.id); // whoever only hears the button hears the words, too
  use.addEventListener("click", () => acts.use(candidate));
  use.addEventListener("focus", () => acts.show(index));
  item.addEventListener("pointerenter", () => acts.show(index));
  return item;
}

function add<K extends keyof HTMLElementTagNameMap>(to: HTMLElement, tag: K, text: string, name = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  to.append(element);
  return element;
}
