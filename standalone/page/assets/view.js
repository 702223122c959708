// What the page shows. Nothing here asks or decides anything.

const $ = (id) => document.getElementById(id);

// What a backend would tell the person, and whether that is good news.
const outcomes = {
  enrolled: ["Enrolled. The provider knows the face now.", "good"],
  captured: ["Captured. A live selfie was taken.", "good"],
  removed: ["Removed. The enrollment is gone.", "good"],
  already_enrolled: ["Already enrolled. An enrollment from before stands in the way.", "bad"],
  rejected: ["Rejected. The provider refused the person or the capture.", "bad"],
  expired: ["Expired. The person did not finish in time.", "bad"],
  canceled: ["Canceled.", "bad"],
  failed: ["Failed. Nobody was refused; it could not be carried out.", "bad"],
  unknown: ["Unknown. The provider may or may not have acted; an operator looks.", "bad"],
};

// Words for the kinds of steps whose names are none.
const titles = { begin: "Journey begins", timer: "Timer", record: "Recorded", cancel: "Asked to stop waiting", end: "Journey ends" };

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) {
    made.className = className;
  }
  return made;
}

// running shows a journey that was started in the place of an empty page.
export function running() {
  $("main").classList.add("running");
  for (const id of ["journey", "happening"]) {
    $(id).hidden = false;
  }
  $("refused").hidden = true;
}

// refuse says why nothing was started, and where to mend it.
export function refuse(text) {
  $("starting").hidden = false;
  $("refused").textContent = text;
  $("refused").hidden = false;
  const person = $("person");
  person.setAttribute("aria-invalid", "true");
  person.setAttribute("aria-describedby", "person-hint refused");
  person.focus();
}

// network tells what is wrong on the way to the system; nothing when all is well.
export function network(text) {
  if ($("network").textContent !== text) {
    $("network").textContent = text;
  }
}

// say tells the person at the page where the journey stands.
export function say(text, tone = "") {
  $("said").textContent = text;
  $("said").className = tone;
}

// relayed tells what became of a hint.
export function relayed(text) {
  $("relayed").textContent = text;
}

// journey shows a journey as the gateway tells it to a backend.
export function journey(told) {
  const phases = [...document.querySelectorAll(".phases li")];
  const now = phases.findIndex((phase) => phase.dataset.phase === told.phase);
  phases.forEach((phase, i) => {
    phase.classList.toggle("past", i < now);
    if (i === now) {
      phase.setAttribute("aria-current", "step");
    } else {
      phase.removeAttribute("aria-current");
    }
  });
  const over = told.phase === "concluded";
  if (over) {
    say(...(outcomes[told.outcome] || [told.outcome, ""]));
  } else {
    say(told.phase === "waiting" ? "Waiting for the person." : "Asking the provider.");
  }
  const focused = document.activeElement;
  $("device").hidden = over || $("capture").childElementCount === 0;
  $("renew").hidden = over || !told.renewals_left;
  $("cancel").hidden = over || told.phase !== "waiting";
  $("another").hidden = !over;
  if (over && focused?.closest("[hidden]")) { // What is gone cannot keep the focus.
    $("journey-title").focus();
  }
  document.title = `${over ? told.outcome : told.phase} – Bioenroll`;
  facts(told);
}

function facts(told) {
  const time = (text) => clock.format(new Date(text));
  const rows = [
    ["Kind", told.journey],
    ["Waits until", told.phase === "waiting" && told.deadline ? time(told.deadline) : ""],
    ["Attempts left", told.attempts_left],
    ["Renewals left", told.renewals_left],
    ["Outcome", told.outcome],
    ["Reason", told.reason],
    ["Provider's code", told.provider_code],
    ["Can retry", told.can_retry === undefined || outcomes[told.outcome]?.[1] === "good" ? "" : told.can_retry ? "yes" : "no"],
    ["ID", told.id],
  ];
  $("facts").replaceChildren(...rows.filter(([, value]) => value !== undefined && value !== "").flatMap(([name, value]) => [
    element("dt", name), element("dd", String(value)),
  ]));
}

// The steps that were begun and have not been answered, by name.
const begun = new Map();

// forget takes the steps away, before they are told once more.
export function forget() {
  $("steps").replaceChildren();
  begun.clear();
}

// step adds one thing that happened. What a step came to is added to its beginning.
export function step(told) {
  const before = told.kind === "step" && told.detail !== "begins" && begun.get(told.name);
  if (before) {
    begun.delete(told.name);
    before.more.textContent = `${told.detail} after ${took(before.at, told.at)}`;
    return;
  }
  const line = element("li", "", told.kind);
  const what = element("span", "");
  const more = element("span", [titles[told.kind] ? told.name : "", told.detail].filter(Boolean).join(", "));
  what.append(element("strong", titles[told.kind] || told.name || told.kind), " ", more);
  const at = element("time", clock.format(new Date(told.at)));
  at.dateTime = told.at;
  line.append(at, element("span", told.kind, "kind"), what);
  if (told.kind === "step") {
    begun.set(told.name, { at: told.at, more });
  }
  append($("steps"), line);
}

function took(from, to) {
  const ms = Math.max(0, new Date(to) - new Date(from));
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

// append adds a line and stays at the end of the list, unless somebody looks at
// what was before.
function append(list, line) {
  const log = list.parentElement;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  list.append(line);
  if (atEnd) {
    log.scrollTop = log.scrollHeight;
  }
}

// temporal links to the same journey in the Temporal UI.
export function temporal(ui, id) {
  if (!ui) {
    return;
  }
  const [workflow, run] = id.split(".");
  $("temporal").href = `${ui}/${encodeURIComponent(workflow)}/${encodeURIComponent(run)}/history`;
  $("temporal").hidden = false;
}
