/** Another process that comes and goes in a store; tells how much it counted. */
import { taskOf, tell } from "../../support/store-process.js";
import { comeAndGo, type ComeAndGo } from "./come-and-go.js";

tell(await comeAndGo(taskOf<ComeAndGo>()));
