// A backend and its frontends: one journey of each kind at a gateway, with a client that a generator made of the gateway's
// description. What became of each is printed as a line of JSON.
//
// GATEWAY is the address, GATEWAY_KEY and GATEWAY_OPERATOR_KEY are the API keys of a backend and of an operator, and PHOTO is
// a file with a face.

import {readFile} from "node:fs/promises";
import {setTimeout as sleep} from "node:timers/promises";
import {addReceiver, cancelJourney, getJourney, listJourneys, removeReceiver, renewHandOver, sendHint, startJourney} from "./generated";
import type {HintName, Journey, Problem, StartRequest, Started} from "./generated";
import {createClient} from "./generated/client";
import {Receiver} from "./receiver";

const gateway = setting("GATEWAY");
const backend = createClient({baseUrl: gateway, auth: setting("GATEWAY_KEY")});
const operator = createClient({baseUrl: gateway, auth: setting("GATEWAY_OPERATOR_KEY")});

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}

/** The frontend of one journey: it has the relay token that its backend handed on, and no API key. */
function frontendOf(started: Started) {
  if (!started.relay_token) throw new Error(`${started.id} waits for nobody`);
  return createClient({baseUrl: gateway, auth: started.relay_token});
}

/** What a caller cannot get over by itself. */
class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.type}: ${problem.detail ?? problem.title}`);
  }
}

/** Waits where the same request will be answered later, and throws what has to be changed. */
async function getOver(problem: Problem, response: Response): Promise<void> {
  switch (problem.type) {
    case "urn:bioenroll:problem:too-many-requests":
    case "urn:bioenroll:problem:unavailable":
    case "urn:bioenroll:problem:no-answer":
    case "urn:bioenroll:problem:on-hold":
      return sleep(1000 * Number(response.headers.get("Retry-After")));
    default:
      throw new Refusal(problem);
  }
}

/** Starts a journey; with files as multipart/form-data. The key makes repeating safe. */
async function start(key: string, body: StartRequest, files: Record<string, Blob> = {}): Promise<{started: Started; replayed: boolean}> {
  const upload = Object.keys(files).length > 0 && {
    headers: {"Idempotency-Key": key, "Content-Type": null}, // fetch writes it, with the boundary.
    bodySerializer: (request: StartRequest) => {
      const form = new FormData();
      form.append("request", JSON.stringify(request)); // The first part.
      for (const [field, file] of Object.entries(files)) form.append(field, file);
      return form;
    },
  };
  for (;;) {
    const {data, error, response} = await startJourney({client: backend, body, headers: {"Idempotency-Key": key}, ...upload});
    if (data) return {started: data, replayed: response.headers.get("Idempotency-Replayed") === "true"};
    await getOver(error, response);
  }
}

/** The person has finished: their frontend says so. */
async function relay(started: Started, name: HintName, samples?: number): Promise<void> {
  await sendHint({
    client: frontendOf(started), path: {id: started.id}, body: samples === undefined ? {name} : {name, samples}, throwOnError: true,
  });
}

/** Waits for the outcome. */
async function outcome(id: string): Promise<Journey> {
  for (;;) {
    const {data, error, response} = await getJourney({client: backend, path: {id}, query: {wait: 30}});
    if (!data) await getOver(error, response);
    else if (data.phase === "concluded") return data;
  }
}

function tell(what: string, told: object): void {
  console.log(JSON.stringify({what, ...told}));
}

/** Tells the outcome, and whether the event that comes by itself says the same. */
async function tellOutcome({id, journey, outcome, reason, can_retry}: Journey, receiver: Receiver): Promise<void> {
  const event = await receiver.told(id);
  tell(journey, {outcome, reason, can_retry, event: event.type, agrees: event.data.outcome === outcome && event.data.reason === reason});
}

async function enrollAtAuthID(receiver: Receiver): Promise<void> {
  const request: StartRequest = {journey: "authid.enroll", input: {account_number: "magic-enroll-accepted", reference: "typescript-17"}};
  const {started} = await start("typescript-enroll", request);
  const again = await start("typescript-enroll", request); // As if the answer had been lost.
  tell("repeated", {replayed: again.replayed, same: again.started.id === started.id, opens: again.started.hand_over?.authid?.capture_url === started.hand_over?.authid?.capture_url});
  await relay(started, "final-page");
  await tellOutcome(await outcome(started.id), receiver);
  try {
    await start("typescript-enroll", {journey: "authid.enroll", input: {account_number: "magic-enroll-accepted", tag: "another"}});
    tell("another request with the key", {status: "taken"});
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.type !== "urn:bioenroll:problem:key-reused") throw error;
    tell("another request with the key", {status: error.problem.status});
  }
}

async function takeLiveSelfie(receiver: Receiver): Promise<void> {
  const {started} = await start("typescript-selfie", {journey: "authid.live-selfie", input: {account_number: "magic-selfie-accepted"}});
  await relay(started, "final-page");
  const concluded = await outcome(started.id);
  await tellOutcome(concluded, receiver);
  tell("selfie", {kept: concluded.details?.selfie !== undefined && Date.parse(concluded.details.selfie.ends_at) > Date.now()});
}

async function enrollAtBioID(receiver: Receiver): Promise<void> {
  const {started} = await start("typescript-bioid", {journey: "bioid.enroll", input: {bcid: "bws.1.9021"}});
  await relay(started, "samples-uploaded", started.hand_over?.bioid?.recordings ?? 0);
  await tellOutcome(await outcome(started.id), receiver);
}

async function enrollAndUnenrollAtSmartID(receiver: Receiver): Promise<void> {
  const {started: enrolled} = await start("typescript-smartid", {
    journey: "smartid.enroll", input: {user: "magic-enroll-200-status", template: "template of the SDK", pay_load: "payload of the SDK"},
  });
  await tellOutcome(enrolled, receiver); // It waits for nobody: the start answers the outcome.
  const {started: removed} = await start("typescript-removal", {journey: "smartid.unenroll", input: {user: "magic-unenroll-200-status"}});
  await tellOutcome(removed, receiver);
}

async function enrollPhotoAtIProov(receiver: Receiver): Promise<void> {
  const photo = new Blob([new Uint8Array(await readFile(setting("PHOTO")))]);
  const {started} = await start("typescript-iproov", {journey: "iproov.photo-enroll", input: {user_id: "magic-passed", source: "selfie"}}, {image: photo});
  await relay(started, "sdk-finished");
  await tellOutcome(await outcome(started.id), receiver);
}

async function renewAndCancel(receiver: Receiver): Promise<void> {
  const {started} = await start("typescript-cancel", {journey: "authid.live-selfie", input: {account_number: "magic-selfie-walk-away", timeout_seconds: 600}});
  const {data: renewed} = await renewHandOver({
    client: frontendOf(started), path: {id: started.id}, headers: {"Idempotency-Key": "again-1"}, throwOnError: true,
  });
  tell("renewed", {left: renewed.renewals_left, other: renewed.hand_over.authid?.operation_id !== started.hand_over?.authid?.operation_id});
  await cancelJourney({client: backend, path: {id: started.id}, throwOnError: true});
  await tellOutcome(await outcome(started.id), receiver);
  const gone = await renewHandOver({client: frontendOf(started), path: {id: started.id}, headers: {"Idempotency-Key": "again-2"}});
  tell("renewed too late", {status: gone.response.status, type: gone.error?.type});
}

async function refused(): Promise<void> {
  const {error} = await startJourney({
    client: backend, headers: {"Idempotency-Key": "typescript-refused"}, body: {journey: "bioid.enroll", input: {bcid: "no class", max_tries: 99}},
  });
  tell("input refused", {type: error?.type, fields: error?.fields?.map(({field}) => field)});
}

async function findByReference(): Promise<void> {
  const {data} = await listJourneys({client: backend, query: {reference: "typescript-17"}, throwOnError: true});
  tell("found by its reference", {journeys: data.journeys.map(({journey, outcome}) => [journey, outcome])});
}

async function main(): Promise<void> {
  const receiver = await Receiver.open();
  try {
    await everyJourney(receiver);
  } finally {
    receiver.close();
  }
}

async function everyJourney(receiver: Receiver): Promise<void> {
  const {data: added} = await addReceiver({client: operator, body: {name: "typescript", url: receiver.url, why: "a shop opens"}, throwOnError: true});
  receiver.trust(added.secret);
  await enrollAtAuthID(receiver);
  await takeLiveSelfie(receiver);
  await enrollAtBioID(receiver);
  await enrollAndUnenrollAtSmartID(receiver);
  await enrollPhotoAtIProov(receiver);
  await renewAndCancel(receiver);
  await refused();
  await findByReference();
  await removeReceiver({client: operator, path: {name: "typescript"}, query: {why: "it closes"}, throwOnError: true});
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
