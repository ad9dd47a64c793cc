/**
 * Telling the server which of the machine's words were taken, before the text with them is saved: they stay the
 * machine's then. One message at a time for each draft; a lost one is sent again.
 */
import { patience, pause } from "../polling";
import type { Desk } from "./desk";
import { post } from "./posting";

const TRIES = 5;
const LONGEST_WAIT = 10_000; // milliseconds that a save waits for messages on their way

/** How many characters of the draft were taken at most; and how many the server knows. */
interface Taken {
  wanted: number;
  known: number;
  sending: Promise<void> | null;
}

const ofDesk = new WeakMap<Desk, Acceptances>();

export function acceptances(desk: Desk): Acceptances {
  const known = ofDesk.get(desk) ?? new Acceptances(desk);
  ofDesk.set(desk, known);
  return known;
}

class Acceptances {
  private readonly taken = new Map<string, Taken>();
  private hurry: (() => void)[] = []; // ends the pauses before the next try

  constructor(private readonly desk: Desk) {
    window.addEventListener("online", () => this.start());
  }

  /** The first `characters` of the draft that `url` belongs to stand in the text. */
  add(url: string, characters: number): void {
    const one = this.taken.get(url) ?? { wanted: 0, known: 0, sending: null };
    one.wanted = Math.max(one.wanted, characters);
    this.taken.set(url, one);
    this.start();
  }

  /** Resolves when the server knows of all of them, or after a while. What is missing is told again. */
  async settled(): Promise<void> {
    this.start();
    const all = Promise.all(Array.from(this.taken.values(), (one) => one.sending));
    await Promise.race([all, pause(LONGEST_WAIT)]);
  }

  private start(): void {
    for (const next of this.hurry.splice(0)) next();
    for (const [url, one] of this.taken) {
      if (one.known < one.wanted) one.sending ??= this.send(url, one).finally(() => (one.sending = null));
    }
  }

  private async send(url: string, one: Taken): Promise<void> {
    for (let failures = 0; one.known < one.wanted && failures < TRIES; ) {
      const characters = one.wanted;
      try {
        const answer = await post(this.desk, url, { characters }, true);
        if (answer.status < 500) one.known = characters; // taken, or refused for good: the server's word counts
        else failures++;
      } catch {
        failures++;
      }
      if (one.known < characters && failures < TRIES) await this.rest(patience(failures));
    }
  }

  private rest(ms: number): Promise<void> {
    return Promise.race([pause(ms), new Promise<void>((done) => this.hurry.push(done))]);
  }
}
