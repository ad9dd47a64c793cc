/** Wires the pages: each module looks for its own marks and does nothing where there are none. */
import "./styles/index.css";
import { holdBack } from "./busy";
import { chooseDraft } from "./choosing";
import { askFirst } from "./confirm";
import { count } from "./counter";
import { rememberDoubt } from "./doubt";
import { setOptions } from "./options";
import { closeMenus, openPopovers, showErrors } from "./page";
import { redraftPassages } from "./passage";
import { followDraft } from "./progress";
import { watchQueue } from "./queue";
import { listen } from "./shortcuts";
import { switchTheme } from "./theme";
import { tint } from "./tint";
import { guard } from "./unsaved";
import { waitForMachine } from "./wait";

count();
tint(); // before unsaved words come back, so that they are marked as typed
guard();
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
redraftPassages();
rememberDoubt();
waitForMachine();
