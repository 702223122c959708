// Opens the capture of a hand-over on the person's device, and lets the take-home
// script hear it.

import { IProovMe, openBWSCapture } from "./standins.js";

customElements.define("iproov-me", IProovMe);

// open shows the capture in the place given. Without a relay nobody hears it: the
// frontend that never tells.
export function open(place, handOver, relay) {
  place.replaceChildren(...captureOf(handOver, relay));
}

function captureOf({ authid, bioid, iproov }, relay) {
  if (authid?.capture_url) {
    const frame = document.createElement("iframe");
    frame.title = "authID capture";
    frame.allow = "camera";
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
    frame.src = authid.capture_url;
    relay?.authID({ captureURL: authid.capture_url, frame });
    return [frame];
  }
  if (iproov) {
    const element = document.createElement("iproov-me");
    element.setAttribute("token", iproov.token);
    element.setAttribute("base_url", iproov.streaming_url);
    relay?.iProov(element);
    return [element];
  }
  if (bioid) {
    const deaf = { status() {}, done() {} };
    const callbacks = relay?.bioID({ recordings: bioid.recordings, performedBy: bioid.performed_by }) ?? deaf;
    return [openBWSCapture(bioid, callbacks)];
  }
  return [];
}
