// Copyright The Bioenroll Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Tells the gateway what happened at a provider's capture on this page.
 *
 * The person captures in authID's frame, with iProov's element or with BioID's
 * script. Each of them says on the page when the person is done. This file
 * hears that and relays it as a *hint*, which makes the journey ask the provider
 * at once instead of some seconds later. A hint is never believed, so nothing
 * that a page says here decides anything.
 *
 * It is one ES module without dependencies: copy it, or import it from where it
 * is served. Types are in relay.d.ts beside it, and all of it is explained in
 * docs/frontend/README.md.
 *
 *     const relay = openRelay({gateway, journey: started.id, token: started.relay_token});
 *     relay.authID({captureURL: started.hand_over.authid.capture_url, frame});
 *     const ended = await relay.follow();
 *
 * What goes wrong on the way is mended here: a hint whose answer was lost is
 * sent again, later and later, and at once when the network is back; one that
 * arrived is never sent again. The token stays in memory: it is in no address,
 * no storage, no log, and no message to an app.
 */

/** @import {Hint, HintResult, Journey, Options, PageEvent, Renewed, State} from "./relay.d.ts" */

/** How long one request may take, and for how long a hint is worth sending, in milliseconds. */
const patience = {hint: 15_000, read: 15_000, renew: 65_000, giveUp: 15 * 60_000};
/** For how many seconds the gateway is asked to wait for the end, and how many when a hint was sent less than so many milliseconds ago. */
const wait = {long: 25, short: 2, lively: 30_000};
/** The pause before the first repetition, and the longest. It doubles in between. */
const pauses = {first: 500, longest: 30_000};
/** The longest time that a timer knows; beyond it, one rings at once. */
const longestTimer = 2 ** 31 - 1;
/** A journey takes 60 hints of a frontend; a page that was loaded again begins to count anew. */
const mostHints = 20;
/** How often one hint is sent at most. */
const mostTries = 60;

/** The pages of authID on which the capture is over. All others are on the way. */
const authIDFinalPages = new Set([
  "verifiedPage", "defaultFailedPage", "standardErrorPage", "QRCodePage", "transactionNotValidPage", "transactionMaxAttemptsPage",
  "verifiedMatchFailPage", "verifyDeclinedPage", "docScanResolutionTooLowPage", "videoDeviceNotFoundPage",
]);
/** The events with which iProov's element ends, and those on the way. */
const iProovEnds = ["passed", "failed", "error", "canceled", "unsupported", "no_camera"];
const iProovSteps = ["ready", "permission", "permission_denied", "started", "connecting", "connected", "streaming", "streamed", "progress"];

/** Why something could not be done; kind is for code, the message for developers. */
export class RelayError extends Error {
  /** @param {import("./relay.d.ts").RelayErrorKind} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.name = "RelayError";
    this.kind = kind;
  }
}

/**
 * Opens the relay of one journey.
 * @param {Options} options
 */
export function openRelay(options) {
  return new Relay(options);
}

/** @typedef {{hint: Hint, same: string, result: Promise<HintResult>, tell: (result: HintResult) => void}} Queued */

class Relay {
  #gateway;
  #send;
  #app;
  #onEvent;
  #onState;
  /** @type {State} */
  #state = "idle";
  /** @type {Queued[]} */
  #queue = [];
  #sending = false;
  #hints = 0;
  /** @type {Promise<Renewed> | undefined} */
  #renewing;
  /** Aborts when there is nothing to hear any more. */
  #hearing = new AbortController();
  /** Aborts when the gateway has a hint, and is followed by another one. */
  #hinted = new AbortController();
  #hintedAt = -Infinity;

  /** @param {Options} options */
  constructor({gateway, journey, token = "", app = "also", signal, onEvent, onState}) {
    this.#app = app === "never" ? undefined : appOf(journey);
    this.#send = app !== "instead";
    if (!this.#send && !this.#app) {
      throw new TypeError("There is no app that could send hints instead of this page.");
    }
    if (!isJourney(journey) || ((this.#send || token) && !isToken(token))) {
      throw new TypeError("A journey's id and its relay token are needed, exactly as they are in the answer to its start.");
    }
    this.#gateway = new Gateway(addressOf(gateway, journey), token);
    this.#onEvent = onEvent;
    this.#onState = onState;
    if (signal?.aborted) {
      this.close();
    }
    signal?.addEventListener("abort", () => this.close(), {once: true, signal: this.#gateway.closed});
  }

  /** How the relay stands. @returns {State} */
  get state() {
    return this.#state;
  }

  /**
   * Sends a hint, again when its answer was lost, and tells what became of it.
   * It never rejects: the journey does without.
   * @param {Hint} hint
   * @returns {Promise<HintResult>}
   */
  hint(hint) {
    if (this.#hearing.signal.aborted) {
      return Promise.resolve(this.#state === "concluded" ? "late" : "dropped");
    }
    this.#app?.({type: "bioenroll:hint", hint});
    if (!this.#send) {
      return Promise.resolve("app");
    }
    const same = JSON.stringify([hint.name, hint.code, hint.samples]);
    const waiting = this.#queue.find((queued, at) => queued.same === same && !(at === 0 && this.#state === "sending"));
    if (waiting) {
      return waiting.result;
    }
    /** @type {(result: HintResult) => void} */
    let tell = () => {};
    /** @type {Promise<HintResult>} */
    const result = new Promise((resolve) => {
      tell = resolve;
    });
    this.#queue.push({hint, same, result, tell});
    this.#drain();
    return result;
  }

  /** Sends what is queued, one after the other. */
  async #drain() {
    if (this.#sending) {
      return;
    }
    this.#sending = true;
    /** @type {HintResult} */
    let last = "dropped";
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      last = await this.#deliver(first.hint);
      if (this.#queue[0] === first) { // Otherwise the relay has ended, and told so.
        this.#queue.shift();
        first.tell(last);
      }
    }
    this.#sending = false;
    this.#become(last === "taken" ? "idle" : "dropped");
  }

  /**
   * @param {Hint} hint
   * @returns {Promise<HintResult>}
   */
  async #deliver({name, code, samples}) {
    if (this.#hints >= mostHints) {
      return "dropped";
    }
    this.#hints++;
    const init = {method: "POST", body: JSON.stringify({name, code: code && codeOf(String(code)), samples}), headers: {"Content-Type": "application/json"}};
    try {
      const answer = await this.#ask({
        path: "/hints", init, time: patience.hint, until: Date.now() + patience.giveUp, tries: mostTries, outlives: true,
        onTry: () => this.#become("sending"), onPause: () => this.#become("waiting"),
      });
      if (answer.body?.late) {
        this.#end("concluded");
        return "late";
      }
      if (answer.status === 409) { // The journey had enough hints, of an earlier page perhaps.
        this.#hints = mostHints;
      }
      if (answer.status !== 202 && answer.status !== 200) {
        return "dropped";
      }
      this.#hintedAt = Date.now();
      this.#hinted.abort();
      this.#hinted = new AbortController();
      return "taken";
    } catch {
      return "dropped";
    }
  }

  /** Reads once how the journey stands. @returns {Promise<Journey>} */
  async read() {
    return this.#journeyOf(await this.#ask({path: "", init: {}, time: patience.read, until: Date.now() + 60_000, tries: 8}));
  }

  /**
   * Waits for the end of the journey and tells of each change until then.
   * @param {(journey: Journey) => void} [onChange]
   * @returns {Promise<Journey>}
   */
  async follow(onChange) {
    for (let told = "", first = true; ; first = false) {
      const began = Date.now();
      const answer = await this.#wait(first ? 0 : began < this.#hintedAt + wait.lively ? wait.short : wait.long);
      if (!answer) {
        continue;
      }
      const journey = this.#journeyOf(answer);
      const now = JSON.stringify(journey);
      if (now !== told) {
        told = now;
        guarded(onChange, journey);
      }
      if (journey.phase === "concluded") {
        return journey;
      }
      if (!first) { // Something in between may not let the gateway wait.
        await this.#gateway.pause(Math.max(0, began + wait.short * 1000 - Date.now()));
      }
    }
  }

  /**
   * Waits so many seconds for the end of the journey. There is no answer when a
   * hint was sent meanwhile: then something is about to change.
   * @param {number} seconds
   */
  async #wait(seconds) {
    const cut = this.#hinted.signal;
    try {
      return await this.#ask({
        path: seconds ? `?wait=${seconds}` : "", init: {}, time: seconds * 1000 + patience.read, until: Infinity, tries: Infinity, cut,
      });
    } catch (error) {
      if (cut.aborted && error === cut.reason) {
        return undefined;
      }
      throw error;
    }
  }

  /** @param {Answer} answer @returns {Journey} */
  #journeyOf(answer) {
    if (answer.status !== 200) {
      throw refusal(answer);
    }
    if (answer.body.phase === "concluded") {
      this.#end("concluded");
    }
    return answer.body;
  }

  /** Asks for a new hand-over. The relay goes on with the token that comes with it. @returns {Promise<Renewed>} */
  renew() {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew() {
    // One key for all repetitions: they are one wish, and cost one renewal.
    const init = {method: "POST", headers: {"Idempotency-Key": randomKey()}};
    const answer = await this.#ask({path: "/renew", init, time: patience.renew, until: Date.now() + 120_000, tries: 8});
    if (answer.status === 410) {
      this.#end("concluded");
      throw new RelayError("concluded", "The journey has concluded; there is no hand-over any more.");
    }
    if (answer.status !== 200) {
      throw refusal(answer);
    }
    const {relay_token: token, ...renewed} = answer.body;
    if (!isToken(token)) {
      throw new RelayError("failed", "The answer to a renewal has no relay token. Does something between here and the gateway answer?");
    }
    this.#gateway.token = token;
    return renewed;
  }

  /**
   * Asks the gateway. When it refuses the token, that is the end.
   * @param {Request} request
   */
  async #ask(request) {
    const answer = await this.#gateway.ask(request);
    if ([401, 403, 404].includes(answer.status)) {
      this.#end("refused");
      throw refusal(answer);
    }
    return answer;
  }

  /** Stops listening and asking. A hint that is on its way arrives. */
  close() {
    this.#end("closed");
  }

  /**
   * Hears authID's capture page. Without a frame it may be any that is directly
   * in this page, such as the one inside authID's own element.
   * @param {{captureURL: string, frame?: HTMLIFrameElement}} capture
   * @returns {() => void}
   */
  authID({captureURL, frame}) {
    const origin = new URL(captureURL).origin;
    if (origin === "null") { // Which is what all frames without an origin have.
      throw new TypeError("The capture URL has no origin.");
    }
    const heard = new Set();
    return this.#listen(window, ["message"], (event) => {
      const message = /** @type {MessageEvent} */ (event);
      const {type, pageName: name} = message.data ?? {};
      if (message.origin !== origin || !isFrame(message.source, frame) || type !== "authid:page" || typeof name !== "string") {
        return;
      }
      const success = message.data.success === true && name === "verifiedPage";
      if (!authIDFinalPages.has(name)) {
        this.#tell({provider: "authid", name, final: false});
      } else if (!heard.has(name)) { // A page that says it twice is one event.
        heard.add(name);
        this.#tell({provider: "authid", name, final: true, success}, {name: "final-page", code: success ? undefined : name});
      }
    });
  }

  /**
   * Hears iProov's element, iproov-me.
   * @param {Element} element
   * @returns {() => void}
   */
  iProov(element) {
    const heard = new Set();
    return this.#listen(element, [...iProovSteps, ...iProovEnds], (event) => {
      const {feedback, reason, progress, message} = /** @type {CustomEvent} */ (event).detail ?? {};
      const name = event.type;
      const said = {provider: /** @type {const} */ ("iproov"), name, feedback, reason: reason ?? message, progress};
      if (!iProovEnds.includes(name)) {
        this.#tell({...said, final: false});
      } else if (!heard.has(name)) {
        heard.add(name);
        const success = name === "passed";
        this.#tell({...said, final: true, success}, {name: "sdk-finished", code: success ? undefined : String(feedback || name)});
      }
    });
  }

  /**
   * Makes the callbacks for BioID's capture script, or for code that uploads by
   * itself. They call yours.
   * @param {{recordings: number, performedBy: "us" | "browser", onStatus?: Function, onDone?: Function}} capture
   */
  bioID({recordings, performedBy, onStatus, onDone}) {
    let samples = 0;
    /** @param {string} name @param {boolean} final @param {{success?: boolean, code?: string}} [more] */
    const tell = (name, final, {success, code} = {}) => {
      // Below one sample there is nothing to tell the gateway.
      const hint = final && samples > 0 ? {name: /** @type {const} */ ("samples-uploaded"), samples, code} : undefined;
      this.#tell({provider: "bioid", name, final, success, samples}, hint);
      samples = final ? 0 : samples;
    };
    return {
      /** @param {string} status @param {unknown[]} more */
      status: (status, ...more) => {
        samples += status === "Uploaded" ? 1 : 0;
        tell(status, performedBy === "us" && status === "Uploaded" && samples === recordings);
        onStatus?.(status, ...more);
      },
      /** @param {unknown} [error] @param {unknown[]} more */
      done: (error, ...more) => {
        const code = error === undefined || error === null ? undefined : String(error || "error");
        tell(code ?? "done", true, {success: !code, code});
        onDone?.(error, ...more);
      },
      /** @param {number} count */
      uploaded: (count) => {
        if (!Number.isInteger(count) || count < 0) {
          throw new TypeError("The count of accepted samples is a whole number.");
        }
        samples = count;
        tell("Uploaded", true);
      },
    };
  }

  /**
   * Tells the page and the app what happened, and the gateway if it is a hint.
   * @param {PageEvent} event
   * @param {Hint} [hint]
   */
  #tell(event, hint) {
    if (this.#hearing.signal.aborted) {
      return;
    }
    this.#app?.({type: "bioenroll:event", event});
    if (hint) {
      this.hint(hint);
    }
    guarded(this.#onEvent, event);
  }

  /**
   * @param {EventTarget} target @param {string[]} names @param {(event: Event) => void} hear
   * @returns {() => void}
   */
  #listen(target, names, hear) {
    const until = new AbortController();
    const stop = () => until.abort();
    this.#hearing.signal.addEventListener("abort", stop, {signal: until.signal});
    if (this.#hearing.signal.aborted) {
      stop();
    }
    for (const name of names) {
      target.addEventListener(name, hear, {signal: until.signal});
    }
    return stop;
  }

  /** @param {State} state */
  #become(state) {
    if (state === this.#state || (this.#hearing.signal.aborted && !over(state))) {
      return;
    }
    this.#state = state;
    this.#app?.({type: "bioenroll:state", state});
    guarded(this.#onState, state);
  }

  /** @param {"concluded" | "refused" | "closed"} state */
  #end(state) {
    if (this.#gateway.closed.aborted || state === this.#state) {
      return;
    }
    this.#hearing.abort();
    if (state !== "concluded") { // Who knows that the journey has concluded still wants to read it.
      this.#gateway.close(state);
    }
    for (const {tell} of this.#queue.splice(0)) {
      tell(state === "concluded" ? "late" : "dropped");
    }
    this.#become(state);
  }
}

/** @typedef {{status: number, retryAfter: number | undefined, body: any}} Answer What the gateway answered. */
/**
 * @typedef {object} Request One wish, however often it has to be sent.
 * @property {string} path Below the journey.
 * @property {RequestInit} init
 * @property {number} time How long one try may take, in milliseconds.
 * @property {number} until When to give up, in milliseconds since 1970.
 * @property {number} tries How often it is sent at most.
 * @property {boolean} [outlives] Whether a try goes on when the relay is closed and the page is left.
 * @property {AbortSignal} [cut] Ends it without an answer.
 * @property {() => void} [onTry]
 * @property {() => void} [onPause]
 */

/** What one journey is at the gateway, and the token for it. */
class Gateway {
  #address;
  #token;
  #closing = new AbortController();

  /** @param {string} address @param {string} token */
  constructor(address, token) {
    this.#address = address;
    this.#token = token;
  }

  /** @param {string} token */
  set token(token) {
    this.#token = token;
  }

  get closed() {
    return this.#closing.signal;
  }

  /** @param {"refused" | "closed"} why */
  close(why) {
    this.#token = "";
    this.#closing.abort(new RelayError(why, `The relay is ${why}.`));
  }

  /**
   * Sends a request until there is an answer that repeating does not change.
   * @param {Request} request
   * @returns {Promise<Answer>}
   */
  async ask(request) {
    for (let tries = 1; ; tries++) {
      this.closed.throwIfAborted();
      if (!this.#token) {
        throw new TypeError("Without a relay token this page cannot ask the gateway; its app can.");
      }
      request.onTry?.();
      const answer = await this.#attempt(request, tries);
      this.closed.throwIfAborted();
      request.cut?.throwIfAborted();
      if (answer && !again(answer)) {
        return answer;
      }
      const pause = Math.max(pauseAfter(tries), answer?.retryAfter ?? 0);
      if (tries >= request.tries || Date.now() + pause > request.until) {
        throw new RelayError("unreachable", "The gateway could not be reached, or was too busy, for too long.");
      }
      request.onPause?.();
      const early = request.outlives ? ["online", "pagehide"] : ["online"];
      await this.pause(pause, answer?.retryAfter === undefined ? early : []);
    }
  }

  /**
   * Sends a request once. Nothing is answered when the answer was lost.
   * @param {Request} request @param {number} tries
   * @returns {Promise<Answer | undefined>}
   */
  async #attempt({path, init, time, cut, outlives = false}, tries) {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = setTimeout(stop, time);
    if (!outlives) {
      this.closed.addEventListener("abort", stop, {signal: limit.signal});
    }
    cut?.addEventListener("abort", stop, {signal: limit.signal});
    try {
      const response = await fetch(this.#address + path, {
        ...init, headers: {...init.headers, Authorization: `Bearer ${this.#token}`}, signal: limit.signal,
        keepalive: outlives && tries % 2 === 1, // Every second try does without, for browsers that know it only by halves.
        cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
      });
      const body = parsed(await response.text());
      if (response.ok && !body) {
        return undefined; // Somebody in between has answered, such as the sign-in page of a network.
      }
      return {status: response.status, retryAfter: timeOf(response.headers.get("Retry-After")), body};
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      stop(); // It is over; this takes the listener away.
    }
  }

  /**
   * Waits, or until one of the window's events happens.
   * @param {number} time @param {string[]} [early]
   * @returns {Promise<void>}
   */
  pause(time, early = []) {
    return new Promise((resolve) => {
      const over = new AbortController();
      const end = () => {
        over.abort();
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, Math.min(time, longestTimer));
      this.closed.addEventListener("abort", end, {signal: over.signal});
      for (const name of early) {
        window.addEventListener(name, end, {signal: over.signal});
      }
    });
  }
}

/** @param {State} state */
function over(state) {
  return state === "concluded" || state === "refused" || state === "closed";
}

/**
 * Whether a message is from the frame, or from any that is directly in this page.
 * @param {MessageEventSource | null} source @param {HTMLIFrameElement} [frame]
 */
function isFrame(source, frame) {
  if (!source || source === window) {
    return false;
  }
  return frame ? source === frame.contentWindow : /** @type {Window} */ (source).parent === window;
}

/** Whether the same request may be answered otherwise later. @param {Answer} answer */
function again({status}) {
  return status === 408 || status === 429 || status >= 500;
}

/** @param {Answer} answer */
function refusal({status, body}) {
  const type = String(body?.type ?? "").replace("urn:bioenroll:problem:", "");
  if ([401, 403, 404].includes(status)) {
    return new RelayError("refused", `The gateway refuses this relay token for this journey (${status} ${type}).`);
  }
  return new RelayError(type === "not-renewable" ? "not-renewable" : "failed", body?.detail ?? `The gateway answered ${status}.`);
}

/** The pause after so many tries: doubled each time, and up to half of it by chance, so that pages do not come back together. @param {number} tries */
function pauseAfter(tries) {
  const longest = Math.min(pauses.longest, pauses.first * 2 ** (tries - 1));
  return longest / 2 + (Math.random() * longest) / 2;
}

/** What Retry-After says, in milliseconds. @param {string | null} header */
function timeOf(header) {
  if (header === null) {
    return undefined;
  }
  const time = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(time) ? undefined : Math.max(0, time);
}

/** An object in JSON, which all answers of the gateway are, or nothing. @param {string} text */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A code as the gateway takes it: short, and of plain characters, which others' texts need not be. @param {string} text */
function codeOf(text) {
  return text.replace(/[^\w .:!-]/g, "_").slice(0, 128);
}

/** Not crypto.randomUUID, which is missing where a page is not secure. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether it can be the id of a journey; none of those is anything else in an address. @param {unknown} id */
function isJourney(id) {
  return typeof id === "string" && /^[\w-]+\.[\w-]+$/.test(id) && id.length <= 200;
}

/** Whether a header takes it as a token, as in RFC 6750. @param {unknown} token */
function isToken(token) {
  return typeof token === "string" && /^[\w.~+/-]+=*$/.test(token);
}

/** @param {string | URL} gateway @param {string} journey */
function addressOf(gateway, journey) {
  const {protocol, hostname, href, username, password} = new URL(gateway);
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && here)) {
    throw new TypeError("The gateway has to be reached over https: the relay token travels there.");
  }
  if (username || password || /[?#]/.test(href)) {
    throw new TypeError("The gateway's address has neither a user nor a query.");
  }
  return `${href.replace(/\/$/, "")}/v1/journeys/${journey}`;
}

/**
 * The app in whose WebView this page runs, or nothing. An app that fails to take
 * messages must not keep the gateway from its hint; that it fails is reported once.
 * @param {string} journey
 * @returns {((message: import("./relay.d.ts").AppMessageBody) => void) | undefined}
 */
function appOf(journey) {
  /** @type {{BioenrollAndroid?: {postMessage(text: string): void}, webkit?: {messageHandlers?: {bioenroll?: {postMessage(message: object): unknown}}}}} */
  const outside = /** @type {any} */ (window);
  const android = outside.BioenrollAndroid;
  const ios = outside.webkit?.messageHandlers?.bioenroll;
  if (!android && !ios) {
    return undefined;
  }
  let failed = false;
  /** @param {unknown} error */
  const report = (error) => {
    if (!failed) {
      failed = true;
      reportError(error);
    }
  };
  return (message) => {
    const text = JSON.stringify({version: 1, journey, ...message});
    try {
      if (android) {
        android.postMessage(text);
      } else { // Parsed, so without what is undefined, which Swift would see as null. A handler may also fail later.
        Promise.resolve(ios?.postMessage(JSON.parse(text))).catch(report);
      }
    } catch (error) {
      report(error);
    }
  };
}

/**
 * Calls what is not ours. Its errors are reported as any other of the page.
 * @template Value
 * @param {((value: Value) => void) | undefined} call
 * @param {Value} [value]
 */
function guarded(call, value) {
  try {
    call?.(/** @type {Value} */ (value));
  } catch (error) {
    reportError(error);
  }
}
