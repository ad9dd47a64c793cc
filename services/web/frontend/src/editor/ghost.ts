/**
 * Going on from the cursor: the machine's words stream in as ghost text. Tab takes them, Ctrl+→ the next word, Escape
 * lets them go, and so does writing something else. Nothing stands in the text before a person took it.
 */
import { isolateHistory } from "@codemirror/commands";
import { Prec } from "@codemirror/state";
import { EditorView, keymap, type Command } from "@codemirror/view";
import { ask, patience, pause } from "../polling";
import { acceptances } from "./accepting";
import type { Desk } from "./desk";
import { extension, ghostOf, grown, nextWord, rest, setGhost, type Ghost } from "./ghost_text";
import { LOST, post, reason } from "./posting";
import { markAgain } from "./tint";

interface Asked {
  number: number;
  url: string; // how far it is
  accept: string;
  stop: string;
}

interface Standing {
  state: string;
  text: string;
  done: boolean;
  message: string;
  next_ms: number;
}

const NOTHING = "The machine had no words for this place. Try again, or write a few words first.";
const TRIES = 4;
const GO_ON = "Go on";
const TAKE = "Take these words";

export function goesOn(desk: Desk): void {
  const url = desk.form.dataset["goOn"];
  if (url) new GoingOn(desk, url);
}

class GoingOn {
  private round = 0; // an answer to an earlier question is left aside
  private asked: Asked | null = null;
  private finished = true; // nothing is being written for us
  private spoke = false;
  private readonly button: HTMLButtonElement;
  private readonly said: HTMLElement;

  constructor(
    private readonly desk: Desk,
    private readonly url: string,
  ) {
    this.said = document.createElement("p");
    this.said.className = "visually-hidden";
    this.said.setAttribute("role", "status");
    this.said.dataset["ghostSaid"] = "";
    desk.form.append(this.said);
    desk.extend([extension, this.keys(), this.watches()]);
    this.button = desk.tools.add({ name: "go-on", label: GO_ON, keys: "Ctrl Space", press: () => this.press() });
  }

  private get ghost(): Ghost | null {
    return ghostOf(this.desk.view.state);
  }

  private keys() {
    const withGhost = (act: (ghost: Ghost) => void): Command => () => {
      const ghost = this.ghost;
      if (ghost) act(ghost);
      return ghost !== null;
    };
    const take = withGhost((ghost) => this.take(rest(ghost)));
    const takeWord = withGhost((ghost) => this.take(nextWord(rest(ghost))));
    return Prec.highest(
      keymap.of([
        ...["Ctrl-Space", "Mod-Enter"].map((key) => ({ key, run: () => (void this.start(), true) })),
        { key: "Tab", run: take },
        { key: "Mod-ArrowRight", run: takeWord },
        { key: "Escape", run: withGhost(() => this.dismiss()) },
      ]),
    );
  }

  private watches() {
    return [
      EditorView.updateListener.of((update) => {
        const [before, now] = [ghostOf(update.startState), ghostOf(update.state)];
        if (before && !now) this.ended(before);
        if (before !== now) this.label(now);
      }),
      EditorView.domEventHandlers({
        mousedown: (event) => {
          if (!(event.target instanceof Element) || !event.target.closest("[data-ghost-take]")) return false;
          event.preventDefault();
          const ghost = this.ghost;
          if (ghost) this.take(rest(ghost));
          return true;
        },
      }),
    ];
  }

  private press(): void {
    const ghost = this.ghost;
    if (ghost && rest(ghost) !== "") this.take(rest(ghost));
    else void this.start();
    this.desk.view.focus();
  }

  private label(ghost: Ghost | null): void {
    const label = ghost && rest(ghost) !== "" ? TAKE : GO_ON;
    if (this.button.textContent !== label) this.button.textContent = label;
  }

  /** Ask for words at the cursor, in the text as it is here. */
  private async start(): Promise<void> {
    const { view } = this.desk;
    if (view.state.readOnly) return;
    const at = view.state.selection.main.to;
    const round = ++this.round;
    this.say("");
    view.dispatch({
      selection: { anchor: at },
      effects: setGhost.of({ at, words: "", used: 0, taken: 0, coming: true }),
      scrollIntoView: true,
    });
    this.tell("The machine is writing.");
    const question = { base: this.desk.data.head, text: this.desk.text(), at: this.desk.place(at) };
    try {
      const answer = await post(this.desk, this.url, question);
      if (!answer.ok) return this.giveUp(round, await reason(answer));
      const asked = (await answer.json()) as Asked;
      if (round === this.round) {
        this.asked = asked;
        this.finished = false;
        await this.follow(asked, round);
      } else if (!this.ghost) void this.stop(asked); // let go before it was begun
    } catch {
      this.giveUp(round, LOST);
    }
  }

  private async follow(asked: Asked, round: number): Promise<void> {
    let failures = 0;
    for (let wait = 40; ; ) {
      await pause(wait);
      if (round !== this.round || !this.ghost) return;
      let standing: Standing | "gone";
      try {
        standing = await ask<Standing>(asked.url);
        failures = 0;
      } catch {
        if (++failures >= TRIES) return this.giveUp(round, LOST);
        wait = patience(failures);
        continue;
      }
      if (round !== this.round) return;
      if (standing === "gone") return this.giveUp(round, LOST);
      if (!this.show(standing)) return;
      wait = standing.next_ms || 100;
    }
  }

  /** The words so far; false when there is nothing more to wait for. */
  private show(standing: Standing): boolean {
    this.finished = standing.done;
    const ghost = this.ghost;
    if (!ghost) return false;
    if (standing.done && standing.text === "") {
      this.giveUp(this.round, standing.message || NOTHING);
      return false;
    }
    const next = grown(ghost, standing.text, !standing.done);
    if (next && (next.words !== ghost.words || next.coming !== ghost.coming)) {
      this.desk.view.dispatch({ effects: setGhost.of(next) });
    } else if (!next) this.desk.view.dispatch({ effects: setGhost.of(null) });
    if (standing.done && next) {
      this.tell(`“${rest(next).trim()}” Tab takes these words, Control and right arrow the next one, Escape lets them go.`);
    } else if (standing.message) this.say(standing.message);
    return !standing.done;
  }

  /** These words of the ghost, the first of the rest, become the text's; the machine stays their author. */
  private take(words: string): void {
    const ghost = this.ghost;
    if (!ghost || words === "" || !this.asked) return;
    const used = ghost.used + words.length;
    const end = ghost.at + words.length;
    const next = { ...ghost, at: end, used, taken: used };
    acceptances(this.desk).add(this.asked.accept, Array.from(ghost.words.slice(0, used)).length);
    this.desk.view.dispatch({
      changes: { from: ghost.at, insert: words },
      selection: { anchor: end },
      effects: [
        markAgain.of([{ start: ghost.at, end, origin: "machine" }]),
        setGhost.of(rest(next) === "" && !next.coming ? null : next),
      ],
      annotations: isolateHistory.of("full"),
      userEvent: "input.accept",
      scrollIntoView: true,
    });
  }

  private dismiss(): void {
    this.desk.view.dispatch({ effects: setGhost.of(null) });
    this.tell("The words are gone; the text is as you wrote it.");
  }

  /** The ghost went: by taking all, by a key, or because something else was written. */
  private ended(ghost: Ghost): void {
    this.round++;
    this.say("");
    // A draft of which words were taken is written to its end, so that it can be replayed.
    if (this.asked && !this.finished && ghost.taken === 0) void this.stop(this.asked);
    this.finished = true;
  }

  private async stop(asked: Asked): Promise<void> {
    await post(this.desk, asked.stop, {}, true).catch(() => undefined);
  }

  private giveUp(round: number, message: string): void {
    if (round !== this.round) return;
    const shown = this.ghost !== null;
    this.finished = true;
    this.desk.view.dispatch({ effects: setGhost.of(null) });
    this.tell("");
    if (shown) this.say(message);
  }

  /** Takes back only what was said here. */
  private say(message: string): void {
    if (message || this.spoke) this.desk.say(message);
    this.spoke = message !== "";
  }

  private tell(words: string): void {
    this.said.textContent = words;
  }
}
