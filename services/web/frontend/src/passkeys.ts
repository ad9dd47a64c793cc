/** Passkeys: a form that shows one or makes one. The browser asks for the finger; the server checks the answer. */
import { all, one } from "./dom";

const AWAY = "The desk can’t be reached. Please try again in a moment.";
const GIVEN_UP = "No passkey was shown. Please try again, or use another way.";
const KNOWN = "This device has a passkey for this account already.";

interface Answer {
  next?: string;
  error?: string;
  verify?: string;
}

/** Shows the forms where the browser can, and the host has a name: passkeys belong to one. */
export function passkeys(): void {
  if (!("PublicKeyCredential" in window) || !named(location.hostname)) return;
  for (const form of all<HTMLFormElement>("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send(form);
    });
  }
}

/** Is it a name, and not numbers? */
export const named = (host: string): boolean => !/^[\d.]+$/.test(host) && !host.includes(":");

async function send(form: HTMLFormElement): Promise<void> {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  say(form, "");
  try {
    const asked = await post(form.dataset["options"] ?? "", new FormData(form));
    const options = (await asked.json()) as Answer;
    if (!asked.ok) return refused(form, options);
    const made = form.dataset["passkey"] === "create" ? await create(options) : await get(options);
    if (!made) return say(form, GIVEN_UP);
    const answer = new FormData(form);
    answer.set("credential", JSON.stringify(made.toJSON()));
    const done = await post(form.action, answer);
    const said = (await done.json()) as Answer;
    if (!done.ok) return refused(form, said);
    location.assign(said.next ?? location.href);
    if (said.next?.startsWith(location.pathname + "#")) location.reload();
  } catch (error) {
    say(form, inWords(error));
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** What the browser says, in a person's words. */
export function inWords(error: unknown): string {
  if (!(error instanceof DOMException)) return AWAY;
  return error.name === "InvalidStateError" ? KNOWN : GIVEN_UP;
}

function refused(form: HTMLFormElement, said: Answer): void {
  if (said.verify) location.assign(said.verify);
  else say(form, said.error ?? AWAY);
}

const create = (options: unknown): Promise<PublicKeyCredential | null> =>
  navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON),
  }) as Promise<PublicKeyCredential | null>;

const get = (options: unknown): Promise<PublicKeyCredential | null> =>
  navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON),
  }) as Promise<PublicKeyCredential | null>;

const post = (url: string, body: FormData): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });

function say(form: HTMLFormElement, words: string): void {
  const said = one("[data-passkey-said]", form);
  if (!said) return;
  said.textContent = words;
  said.hidden = words === "";
}
