import { clearInterval, setInterval, setTimeout } from "node:timers";
import { EXIT_CODES } from "./exit-codes.js";
import { BROKER_LIMITS } from "./limits.js";

/**
 * Ends the process with STOPPED_HARD, whatever is still open.
 *
 * Node's exit joins the threads of its pool, so a call that hangs on a dead device would hold it for
 * ever. Such calls get a moment; then the process kills itself, and a supervisor sees SIGKILL.
 */
export function stopHard(): void {
  const poll = setInterval(() => exitUnlessCalling(), BROKER_LIMITS.hardStopPollMs);
  setTimeout(() => {
    clearInterval(poll);
    process.kill(process.pid, "SIGKILL");
  }, BROKER_LIMITS.hardStopMs);
  exitUnlessCalling();
}

function exitUnlessCalling(): void {
  const isCalling = process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"));
  if (!isCalling) process.exit(EXIT_CODES.STOPPED_HARD);
}
