/** Wires the pages: each module looks for its own marks and does nothing where there are none. */
import "./styles/index.css";
import { keepBrief } from "./brief";
import { holdBack } from "./busy";
import { chooseDraft } from "./choosing";
import { walkChanges } from "./comparing";
import { askFirst } from "./confirm";
import { talk } from "./comments";
import { count } from "./counter";
import { one } from "./dom";
import { rememberDoubt } from "./doubt";
import { showOthers } from "./editor/presence";
import { setOptions } from "./options";
import { closeMenus, openPopovers, showErrors } from "./page";
import { followDraft } from "./progress";
import { watchQueue } from "./queue";
import { offerZone } from "./settings";
import { chooseMany } from "./selecting";
import { listen } from "./shortcuts";
import { switchTheme } from "./theme";
import { guard } from "./unsaved";
import { waitForMachine } from "./wait";
import { fillZone, showForChoice } from "./zone";

count();
guard();
keepBrief();
askFirst();
holdBack();
listen();
switchTheme();
closeMenus();
openPopovers();
showErrors();
setOptions();
followDraft();
watchQueue();
chooseDraft();
chooseMany();
rememberDoubt();
walkChanges();
waitForMachine();
showOthers();
talk();
fillZone();
showForChoice();
offerZone();

if (one("form[data-passkey]")) void import("./passkeys").then(({ passkeys }) => passkeys());
for (const button of document.querySelectorAll<HTMLElement>("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The editor is a chunk of its own: only whoever writes a text needs it.
const writing = one<HTMLFormElement>("form[data-desk]");
if (writing) void import("./editor").then(({ open }) => open(writing));
const proposing = one<HTMLFormElement>("form[data-propose]");
if (proposing) void import("./editor").then(({ propose }) => propose(proposing));
