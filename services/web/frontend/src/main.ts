/** Wires the pages: each module looks for its own marks and does nothing where there are none. */
import "./styles/index.css";
import { holdBack } from "./busy";
import { askFirst } from "./confirm";
import { count } from "./counter";
import { closeMenus, openPopovers, showErrors } from "./page";
import { followDraft } from "./progress";
import { listen } from "./shortcuts";
import { switchTheme } from "./theme";
import { tint } from "./tint";
import { guard } from "./unsaved";

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
followDraft();
