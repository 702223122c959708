import assert from "node:assert/strict";
import {describe, it} from "node:test";

import {openRelay, RelayError} from "../relay.js";
import {address, json, lost, options, pending, problem, settled, stands, taken, token, world} from "./world.js";

const next = "bioenroll_relay_NEXT";
const renewed = () => json(200, {id: options.journey, renewals_left: 4, hand_over: {expires_at: "2026-11-21T00:02:00Z"}, relay_token: next});

describe("follow", () => {
  it("tells how the journey stands at once, then each change, and ends with the journey", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(stands("beginning"), stands("waiting"), stands("waiting"), stands("waiting", {attempts_left: 2}), stands("concluded", {can_retry: false}));
    const told = [];
    const relay = openRelay(options);
    const followed = relay.follow((journey) => told.push([journey.phase, journey.attempts_left]));
    await pass(10_000);
    assert.deepEqual(await followed, {id: options.journey, journey: "authid.enroll", phase: "concluded", can_retry: false});
    assert.deepEqual(told, [["beginning", undefined], ["waiting", undefined], ["waiting", 2], ["concluded", undefined]]);
    assert.deepEqual(requests.map(({url}) => url), [address, ...Array(4).fill(`${address}?wait=25`)]);
    assert.equal(requests[0].headers.Authorization, `Bearer ${token}`);
    assert.equal(relay.state, "concluded");
  });

  it("asks no more often than every two seconds when the gateway does not wait", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(...Array.from({length: 40}, () => stands("waiting")));
    openRelay(options).follow().catch(() => {});
    await pass(20_000);
    assert.ok(requests.length <= 12, `${requests.length} requests`);
  });

  it("looks at once when a hint was sent, and more often for a while", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(stands("waiting", {attempts_left: 3}), pending, taken(), ...Array.from({length: 20}, () => stands("waiting", {attempts_left: 2})));
    const told = [];
    const relay = openRelay(options);
    relay.follow(({attempts_left: left}) => told.push(left)).catch(() => {});
    await pass(5000);
    assert.deepEqual(told, [3]);
    await relay.hint({name: "samples-uploaded", samples: 2});
    await settled();
    assert.deepEqual(told, [3, 2]);
    assert.equal(requests[1].signal.aborted, true);
    await pass(40_000);
    const waits = requests.slice(3).map(({url}) => url.replace(address, ""));
    assert.deepEqual(new Set(waits.slice(0, 14)), new Set(["?wait=2"]));
    assert.equal(waits.at(-1), "?wait=25");
    assert.ok(waits.length < 25, `${waits.length} requests`);
  });

  it("goes on through a lost network, restarts and too many requests", async (test) => {
    const {answer, pass} = world(test);
    answer(stands("waiting"), lost, lost, problem(503, "unavailable", {"Retry-After": "5"}), problem(429, "too-many-requests", {"Retry-After": "1"}), pending, stands("concluded"));
    const followed = openRelay(options).follow();
    await pass(120_000);
    assert.equal((await followed).phase, "concluded");
  });

  it("does not come back at once when it was told to wait for longer than a timer can", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(problem(503, "unavailable", {"Retry-After": "9".repeat(400)}), problem(503, "unavailable", {"Retry-After": "99999999"}));
    openRelay(options).follow().catch(() => {});
    await pass(60_000);
    assert.equal(requests.length, 1);
  });

  it("asks at once when the network is back", async (test) => {
    const {requests, answer, pass, fire} = world(test);
    answer(lost, lost, lost, lost, lost, lost, stands("concluded"));
    const followed = openRelay(options).follow();
    await pass(20_000);
    const before = requests.length;
    await fire("online");
    assert.equal(requests.length, before + 1);
    assert.equal((await followed).phase, "concluded");
  });

  it("drops hints that wait when the journey has concluded", async (test) => {
    const {answer, pass} = world(test);
    answer(problem(503, "unavailable", {"Retry-After": "600"}), stands("concluded"));
    const relay = openRelay(options);
    const hint = relay.hint({name: "final-page"});
    await pass(1000);
    await relay.follow();
    assert.equal(await hint, "late");
  });

  it("rejects when the relay is closed, and tells nothing more", async (test) => {
    const {requests, answer} = world(test);
    let finish;
    answer(stands("waiting"), () => new Promise((resolve) => {
      finish = resolve;
    }));
    const told = [];
    const relay = openRelay(options);
    const followed = relay.follow((journey) => told.push(journey.phase));
    await settled();
    relay.close();
    assert.equal(requests[1].signal.aborted, true);
    finish(stands("concluded"));
    await assert.rejects(followed, {name: "RelayError", kind: "closed"});
    assert.deepEqual(told, ["waiting"]);
  });

  it("rejects at once when the relay is closed between two tries", async (test) => {
    const {answer} = world(test);
    answer(lost);
    const relay = openRelay(options);
    const followed = relay.follow();
    await settled();
    relay.close();
    await assert.rejects(followed, {kind: "closed"});
  });

  it("rejects when the token is refused", async (test) => {
    const {answer} = world(test);
    answer(problem(401, "unauthenticated"));
    const relay = openRelay(options);
    await assert.rejects(relay.follow(), (error) => error instanceof RelayError && error.kind === "refused");
    assert.equal(relay.state, "refused");
  });
});

describe("read", () => {
  it("asks once and does not wait", async (test) => {
    const {requests, answer} = world(test);
    answer(stands("waiting", {renewals_left: 3}));
    assert.equal((await openRelay(options).read()).renewals_left, 3);
    assert.deepEqual(requests.map(({url, method}) => [url, method]), [[address, undefined]]);
  });

  it("gives up after a minute", async (test) => {
    const {answer, pass} = world(test);
    answer(...Array(20).fill(lost));
    const read = openRelay(options).read();
    const rejected = assert.rejects(read, {kind: "unreachable"});
    await pass(70_000, 1000);
    await rejected;
  });

  it("fails for any other answer", async (test) => {
    const {answer} = world(test);
    answer(problem(400, "invalid-request"));
    await assert.rejects(openRelay(options).read(), {kind: "failed", message: "About invalid-request."});
  });
});

describe("renew", () => {
  it("brings a hand-over and goes on with its token, which it keeps to itself", async (test) => {
    const {requests, answer} = world(test);
    answer(renewed(), taken());
    const relay = openRelay(options);
    assert.deepEqual(await relay.renew(), {id: options.journey, renewals_left: 4, hand_over: {expires_at: "2026-11-21T00:02:00Z"}});
    await relay.hint({name: "sdk-finished"});
    assert.equal(requests[0].url, `${address}/renew`);
    assert.equal(requests[0].body, undefined);
    assert.equal(requests[0].headers.Authorization, `Bearer ${token}`);
    assert.equal(requests[1].headers.Authorization, `Bearer ${next}`);
  });

  it("repeats a lost answer with the same key, and takes another key for another wish", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(lost, problem(503, "no-answer", {"Retry-After": "2"}), renewed(), renewed());
    const relay = openRelay(options);
    const first = relay.renew();
    await pass(5000);
    await first;
    await relay.renew();
    const keys = requests.map(({headers}) => headers["Idempotency-Key"]);
    assert.match(keys[0], /^[0-9a-f]{32}$/);
    assert.equal(new Set(keys.slice(0, 3)).size, 1);
    assert.notEqual(keys[3], keys[0]);
  });

  it("without a token is none, and the old one stays good", async (test) => {
    const {requests, answer} = world(test);
    answer(json(200, {message: "Welcome to this network."}), taken());
    const relay = openRelay(options);
    await assert.rejects(relay.renew(), {kind: "failed"});
    assert.equal(await relay.hint({name: "sdk-finished"}), "taken");
    assert.equal(requests[1].headers.Authorization, `Bearer ${token}`);
  });

  it("is one for all who ask at the same time", async (test) => {
    const {requests, answer} = world(test);
    answer(renewed());
    const relay = openRelay(options);
    await Promise.all([relay.renew(), relay.renew()]);
    assert.equal(requests.length, 1);
  });

  it("says that the journey has concluded, and ends hints", async (test) => {
    const {answer} = world(test);
    answer(problem(410, "hand-over-gone"));
    const relay = openRelay(options);
    await assert.rejects(relay.renew(), {kind: "concluded"});
    assert.equal(relay.state, "concluded");
  });

  it("says that there are no more, and goes on with what there is", async (test) => {
    const {answer} = world(test);
    answer(problem(409, "not-renewable"), taken());
    const relay = openRelay(options);
    await assert.rejects(relay.renew(), {kind: "not-renewable"});
    assert.equal(await relay.hint({name: "sdk-finished"}), "taken");
  });

  it("does not bring a closed relay back to life", async (test) => {
    const {requests, answer} = world(test);
    let finish;
    answer(() => new Promise((resolve) => {
      finish = resolve;
    }));
    const relay = openRelay(options);
    const asked = relay.renew();
    relay.close();
    finish(renewed());
    await assert.rejects(asked, {kind: "closed"});
    assert.equal(await relay.hint({name: "final-page"}), "dropped");
    assert.equal(requests.length, 1);
  });
});
