// What a page has around it, for tests: a window, a network that answers as it
// is told, and a clock that stands still until it is moved.
import {webcrypto} from "node:crypto";
import {mock} from "node:test";

export const token = "bioenroll_relay_TOKEN";
export const options = {gateway: "https://enroll.example/", journey: "authid-kq3v7.01932f0e", token};
export const address = "https://enroll.example/v1/journeys/authid-kq3v7.01932f0e";

/** Makes a world and takes it down after the test. */
export function world(test) {
  const page = Object.assign(new EventTarget(), {parent: undefined});
  page.parent = page; // As of a page that is in no frame.
  const requests = [];
  const answers = [];
  const clock = stoppedClock(Date.UTC(2026, 10, 21));
  mock.method(Math, "random", () => 1);
  mock.method(Date, "now", () => clock.now);
  mock.method(globalThis, "setTimeout", clock.set);
  mock.method(globalThis, "clearTimeout", clock.clear);
  globalThis.window = page;
  globalThis.crypto ??= webcrypto; // Which older versions of Node.js do not show.
  mock.method(globalThis, "fetch", (url, init) => {
    requests.push({url, ...init, at: Date.now()});
    const answer = answers.shift() ?? pending;
    return typeof answer === "function" ? answer(init) : Promise.resolve(answer);
  });
  test.after(() => {
    mock.restoreAll();
    delete globalThis.window;
  });
  return {
    window: page,
    requests,
    answer: (...more) => answers.push(...more),
    fire: async (name) => {
      page.dispatchEvent(new Event(name));
      await settled();
    },
    /** Moves the clock, a little at a time, so that what was waited for can go on. */
    pass: async (time, step = 250) => {
      await settled();
      for (let left = time; left > 0; left -= step) {
        clock.advance(Math.min(step, left));
        await settled();
      }
    },
  };
}

/** A clock whose timers ring when it is moved. */
function stoppedClock(now) {
  let timers = [];
  const clock = {
    now,
    set: (ring, time) => {
      const timer = {ring, at: clock.now + (time < 2 ** 31 ? time : 1)}; // As browsers do.
      timers.push(timer);
      return timer;
    },
    clear: (timer) => {
      timers = timers.filter((other) => other !== timer);
    },
    advance: (time) => {
      clock.now += time;
      const due = timers.filter(({at}) => at <= clock.now);
      timers = timers.filter(({at}) => at > clock.now);
      due.forEach(({ring}) => ring());
    },
  };
  return clock;
}

/** Lets everything go on that does not wait for the clock. */
export async function settled() {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

export const json = (status, body, headers = {}) => new Response(JSON.stringify(body), {status, headers});
export const taken = () => json(202, {late: false});
export const late = () => json(200, {late: true});
export const lost = () => Promise.reject(new TypeError("Failed to fetch"));
export const problem = (status, kind, headers) => json(status, {type: `urn:bioenroll:problem:${kind}`, title: kind, status, detail: `About ${kind}.`}, headers);
export const stands = (phase, more = {}) => json(200, {id: options.journey, journey: "authid.enroll", phase, ...more});

/** A request that is under way until it is aborted. */
export const pending = (init) => new Promise((_resolve, reject) => {
  init.signal.addEventListener("abort", () => reject(init.signal.reason));
});
