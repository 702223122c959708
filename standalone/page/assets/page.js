// The page: a form, one journey, and what becomes of it. What a start needs is in
// the fragment of the address, so that loading the page again finds the journey.

import { openRelay } from "./relay.js";
import { open as openCapture } from "./capture.js";
import * as view from "./view.js";

const $ = (id) => document.getElementById(id);
const form = $("start");
const random = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");

// What the journey under way needs; nothing of it is kept anywhere else.
const now = { id: "", wanted: undefined, relay: undefined };

// somebody is a person that the provider can know, for who does not care.
function somebody(journey) {
  const number = 1 + (parseInt(random(4), 16) % 899_999_999);
  return journey === "bioid.enroll" ? `bws.1.${number}` : `person-${random(3)}`;
}

// chosen is the journey's kind in the form.
const chosen = () => new FormData(form).get("journey");

// suggest puts a person into the form, unless somebody was typed in.
function suggest() {
  const field = $("person");
  if (!field.dataset.typed) {
    field.value = somebody(chosen());
  }
}

// toAddress keeps what a start needs in the address, and fromAddress reads it.
function toAddress(ask) {
  history.replaceState(null, "", "#" + new URLSearchParams(ask));
}
function fromAddress() {
  const kept = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return kept.journey && kept.person && kept.key ? kept : undefined;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ask sends a request, again and again while the network is gone: each of them may
// be repeated.
async function ask(path, options) {
  for (let wait = 500; ; wait = Math.min(2 * wait, 10_000)) {
    let status = 0;
    try {
      const answer = await fetch(path, options);
      status = answer.status;
      if (status < 502 || status > 504) {
        const body = await answer.json();
        view.network("");
        return { status, body };
      }
    } catch { /* Lost on the way. */ }
    view.network(status ? "The system does not answer. Trying again." : "The network is gone. Trying again.");
    await pause(wait);
  }
}

// start starts the journey, or finds it when it was started before.
async function start(wanted) {
  toAddress(wanted);
  form.querySelector("button").disabled = true;
  $("starting").setAttribute("aria-busy", "true");
  const { status, body } = await ask("/api/journeys", {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ journey: wanted.journey, person: wanted.person, key: wanted.key, timeout_seconds: waits(wanted) }),
  });
  form.querySelector("button").disabled = false;
  $("starting").removeAttribute("aria-busy");
  if (status !== 200 && status !== 201) {
    history.replaceState(null, "", location.pathname);
    fill(wanted);
    view.refuse(refusal(body));
    return;
  }
  await run(wanted, body);
}

// waits is how long the journey waits; those that wait for nobody have no say.
const waits = ({ journey, timeout }) => (journey.startsWith("smartid.") ? 0 : Number(timeout) || 0);

// labels are what the form calls the fields of a start.
const labels = {
  account_number: "Person", bcid: "Person", user: "Person", user_id: "Person", timeout_seconds: "Time for the capture", journey: "Journey",
};

function refusal({ detail, title, fields = [] }) {
  const named = fields.map(({ field, given, allowed }) => `${labels[field] || field}: ${given}; allowed: ${allowed}.`);
  return named.join(" ") || detail || title;
}

// fill puts what was asked for into the form, to be mended.
function fill({ journey, person, timeout, relay }) {
  for (const [name, value] of [["journey", journey], ["person", person], ["timeout", timeout]]) {
    const field = form.elements.namedItem(name);
    field.value = value;
    if (!field.value) { // None of those that can be chosen.
      field.value = { journey: "authid.enroll", timeout: "600" }[name] || "";
    }
  }
  form.elements.namedItem("relay").checked = relay !== "no";
  $("person").dataset.typed = "yes";
}

// run shows a journey that was started.
async function run(wanted, started) {
  $("starting").hidden = true;
  now.id = started.id;
  view.running();
  view.journey(started);
  view.temporal((await ask("/api/places")).body.temporal_ui, started.id);
  listen(started.id);
  if (started.hand_over) {
    await handOver(wanted, started);
  }
  $("journey-title").focus();
}

// handOver opens the capture. The relay goes on when there is a new hand-over.
async function handOver(wanted, { id, hand_over, relay_token }) {
  const { gateway } = (await ask("/api/places")).body;
  now.wanted = wanted;
  now.relay ??= openRelay({ gateway, journey: id, token: relay_token, onState: told });
  $("device").hidden = false;
  openCapture($("capture"), hand_over, wanted.relay === "no" ? undefined : now.relay);
}

// told says what becomes of a hint.
function told(state) {
  view.relayed({
    sending: "Telling the gateway that the person is done.",
    waiting: "The network is gone; the hint is kept.",
    idle: "The gateway knows that the person is done.",
    dropped: "The gateway could not be told; the journey asks the provider by itself.",
    concluded: "The journey has concluded.",
    refused: "The gateway does not take hints any more.",
  }[state] || "");
}

// listen follows the journey as its backend does, and Temporal as an operator does.
function listen(id) {
  const path = `/api/journeys/${encodeURIComponent(id)}`;
  stream(`${path}/events`, {
    journey: (told, end) => {
      view.journey(told);
      if (told.phase === "concluded") {
        end();
        now.relay?.close();
      }
    },
  });
  stream(`${path}/steps`, {
    open: view.forget, // They are told from the beginning.
    step: view.step,
    end: (_, end) => end(),
  });
}

// stream listens to server-sent events, through a network and a system that come
// and go. Each event is told with what ends the stream.
function stream(path, events) {
  const source = new EventSource(path);
  const end = () => source.close();
  source.addEventListener("open", () => {
    view.network("");
    events.open?.();
  });
  for (const [name, told] of Object.entries(events)) {
    if (name !== "open") {
      source.addEventListener(name, (event) => told(JSON.parse(event.data), end));
    }
  }
  source.addEventListener("error", () => {
    view.network("The connection is lost. What is shown may be old; trying again.");
    if (source.readyState === EventSource.CLOSED) { // The answer was an error, after which no browser tries again.
      setTimeout(() => stream(path, events), 3000);
    }
  });
}

$("renew").addEventListener("click", async () => {
  $("renew").disabled = true;
  try {
    const renewed = await now.relay.renew();
    await handOver(now.wanted, { id: now.id, hand_over: renewed.hand_over });
  } catch (error) {
    view.relayed(error.message);
  }
  $("renew").disabled = false;
});

$("cancel").addEventListener("click", async () => {
  $("cancel").disabled = true;
  await ask(`/api/journeys/${encodeURIComponent(now.id)}/cancel`, { method: "POST" });
  $("cancel").disabled = false;
});

$("another").addEventListener("click", () => {
  history.replaceState(null, "", location.pathname);
  location.reload();
});

$("person").addEventListener("input", (event) => {
  event.target.dataset.typed = event.target.value ? "yes" : "";
  event.target.removeAttribute("aria-invalid");
});
$("journeys").addEventListener("change", suggest);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(form);
  start({
    journey: given.get("journey"), person: given.get("person").trim(), timeout: given.get("timeout"),
    relay: given.get("relay") ? "yes" : "no", key: `page-${random(12)}`,
  });
});

// Another journey's address was put in the place of this one's.
window.addEventListener("hashchange", () => location.reload());

const kept = fromAddress();
if (kept) {
  $("starting").hidden = true;
  start(kept);
} else {
  suggest();
}
