/** Talking to the desk while a page is open: JSON with the page's token, which each answer renews. */
import { all, one } from "./dom";

/** Somebody else at this document, or this person in another window. */
export interface Other {
  name: string;
  doing: "reading" | "writing";
  paragraph: number | null;
  since: string;
  own: boolean;
}

/** What every answer tells. */
export interface News {
  head: number;
  by: string; // whose the newest version is: a name, "you" or "the machine"
  state: string;
  suggestions?: string; // changes whenever one is made or decided on
  comments?: string; // changes whenever somebody says or does something beside the text
  others: Other[];
  csrf: string;
}

/** The desk refused; `status` says how, the message is for the person. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Heard by whoever wants to know what is new: the event's detail is `News`. */
export const NEWS = "copydesk:news";

/** Sends and hears the news. Throws `Refused`, or what `fetch` throws when the network is lost. */
export async function tell<Answer extends News>(
  method: "PUT" | "POST" | "DELETE",
  url: string,
  message: object,
  keepalive = false,
): Promise<Answer> {
  const said = JSON.stringify(message);
  let answer = await send(method, url, said, keepalive);
  if (answer.status === 400 && !keepalive && (await renewToken())) answer = await send(method, url, said, false);
  return heard(answer);
}

const send = (method: string, url: string, body: string, keepalive: boolean): Promise<Response> =>
  fetch(url, {
    method,
    body,
    keepalive,
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token() },
  });

async function heard<Answer extends News>(answer: Response): Promise<Answer> {
  if (!answer.ok || answer.redirected) throw new Refused(answer.redirected ? 401 : answer.status, await reason(answer));
  const news = (await answer.json()) as Answer;
  if (news.csrf) renew(news.csrf);
  document.dispatchEvent(new CustomEvent<News>(NEWS, { detail: news }));
  return news;
}

async function reason(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { error?: string }).error ?? "";
  } catch {
    return "";
  }
}

const presence = (): HTMLElement | null => one("[data-presence]");

const token = (): string => presence()?.dataset["token"] ?? one<HTMLInputElement>("input[name=csrf_token]")?.value ?? "";

/** The token was too old, or from before a log-in: is there a fresh one? */
async function renewToken(): Promise<boolean> {
  const url = presence()?.dataset["presence"];
  if (!url) return false;
  try {
    const before = token();
    await heard(await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" }));
    return token() !== before;
  } catch {
    return false;
  }
}

/** Every form of the page goes on with the fresh token. */
function renew(fresh: string): void {
  const here = presence();
  if (here) here.dataset["token"] = fresh;
  for (const field of all<HTMLInputElement>("input[name=csrf_token]")) field.value = field.defaultValue = fresh;
}
