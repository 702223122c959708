import assert from "node:assert/strict";
import {describe, it} from "node:test";

import {openRelay} from "../relay.js";
import {address, json, late, lost, options, pending, problem, settled, stands, taken, token, world} from "./world.js";

const finalPage = {name: "final-page"};
const gaps = (requests) => requests.slice(1).map(({at}, before) => at - requests[before].at);

describe("a hint", () => {
  it("is one request with the token in its header and nowhere else", async (test) => {
    const {requests, answer} = world(test);
    answer(taken());
    const relay = openRelay(options);
    assert.equal(await relay.hint({name: "final-page", code: "verifyDeclinedPage"}), "taken");
    assert.equal(requests.length, 1);
    const [{url, method, headers, body, ...rest}] = requests;
    assert.equal(url, `${address}/hints`);
    assert.equal(method, "POST");
    assert.deepEqual(headers, {"Content-Type": "application/json", Authorization: `Bearer ${token}`});
    assert.deepEqual(JSON.parse(body), {name: "final-page", code: "verifyDeclinedPage"});
    assert.deepEqual([rest.credentials, rest.redirect, rest.referrerPolicy, rest.cache], ["omit", "error", "no-referrer", "no-store"]);
    assert.doesNotMatch(JSON.stringify([url, body, relay, Object.entries(relay)]), /TOKEN/);
  });

  it("leaves at once and outlives the page", (test) => {
    const {requests} = world(test);
    openRelay(options).hint(finalPage);
    assert.equal(requests.length, 1);
    assert.equal(requests[0].keepalive, true);
  });

  it("is sent again when its answer is lost, later and later", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(lost, lost, lost, lost, lost, lost, lost, lost, lost, taken());
    const result = openRelay(options).hint(finalPage);
    await pass(150_000);
    assert.equal(await result, "taken");
    assert.deepEqual(gaps(requests), [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    assert.deepEqual(new Set(requests.map(({body}) => body)).size, 1);
  });

  it("waits half as long when chance says so", async (test) => {
    const {requests, answer, pass} = world(test);
    Math.random.mock.mockImplementation(() => 0);
    answer(lost, lost, taken());
    openRelay(options).hint(finalPage);
    await pass(2000);
    assert.deepEqual(gaps(requests), [250, 500]);
  });

  it("is given up on and sent again when there is no answer in time", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(pending, taken());
    const result = openRelay(options).hint(finalPage);
    await pass(16_000);
    assert.equal(await result, "taken");
    assert.deepEqual(gaps(requests), [15_500]);
  });

  it("does without keepalive every second time, for browsers that refuse it", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(lost, lost, taken());
    openRelay(options).hint(finalPage);
    await pass(2000);
    assert.deepEqual(requests.map(({keepalive}) => keepalive), [true, false, true]);
  });

  it("is sent at once when the network is back", async (test) => {
    const {requests, answer, pass, fire} = world(test);
    answer(lost, lost, lost, lost, lost, lost, taken());
    const result = openRelay(options).hint(finalPage);
    await pass(20_000);
    assert.equal(requests.length, 6);
    await fire("online");
    assert.equal(await result, "taken");
    assert.equal(requests.length, 7);
  });

  it("is sent once more when the person leaves the page", async (test) => {
    const {requests, answer, pass, fire} = world(test);
    answer(lost, lost);
    openRelay(options).hint(finalPage);
    await pass(1000);
    assert.equal(requests.length, 2);
    await fire("pagehide");
    assert.equal(requests.length, 3);
    assert.equal(requests[2].keepalive, true);
  });

  it("is not sent again when leaving finds it on its way", async (test) => {
    const {requests, fire} = world(test);
    openRelay(options).hint(finalPage);
    await fire("pagehide");
    await fire("online");
    assert.equal(requests.length, 1);
  });

  it("is given up after a quarter of an hour", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(...Array(100).fill(lost));
    const relay = openRelay(options);
    const result = relay.hint(finalPage);
    await pass(16 * 60_000, 5000);
    assert.equal(await result, "dropped");
    assert.ok(requests.length > 20 && requests.length < 40, `${requests.length} requests`);
    assert.equal(relay.state, "dropped");
  });

  it("is given up after sixty tries, however often the network comes and goes", async (test) => {
    const {requests, answer, fire} = world(test);
    answer(...Array(100).fill(lost));
    const result = openRelay(options).hint(finalPage);
    await settled();
    for (let time = 0; time < 80; time++) {
      await fire("online");
    }
    assert.equal(await result, "dropped");
    assert.equal(requests.length, 60);
  });

  for (const status of [408, 429, 500, 502, 503, 504]) {
    it(`is sent again after ${status}`, async (test) => {
      const {answer, pass} = world(test);
      answer(problem(status, "unavailable"), taken());
      const result = openRelay(options).hint(finalPage);
      await pass(1000);
      assert.equal(await result, "taken");
    });
  }

  for (const body of ["<html>Please sign in to this network.</html>", "", "null", "\"ok\"", "[]"]) {
    it(`is sent again when what answers 200 is not the gateway: ${body}`, async (test) => {
      const {requests, answer, pass} = world(test);
      answer(new Response(body, {status: 200}), taken());
      const result = openRelay(options).hint(finalPage);
      await pass(1000);
      assert.equal(await result, "taken");
      assert.equal(requests.length, 2);
    });
  }

  it("is not taken by what answers otherwise than the gateway would", async (test) => {
    const {answer} = world(test);
    answer(json(201, {late: false}));
    assert.equal(await openRelay(options).hint(finalPage), "dropped");
  });

  it("whose code is no text is sent with what it would be as one", async (test) => {
    const {requests, answer} = world(test);
    answer(taken());
    assert.equal(await openRelay(options).hint({name: "sdk-finished", code: 500}), "taken");
    assert.equal(JSON.parse(requests[0].body).code, "500");
  });

  for (const [said, header] of [["seconds", "7"], ["a date", new Date(Date.UTC(2026, 10, 21, 0, 0, 7)).toUTCString()]]) {
    it(`waits for as long as Retry-After says in ${said}, also when the network is back`, async (test) => {
      const {requests, answer, pass, fire} = world(test);
      answer(problem(429, "too-many-requests", {"Retry-After": header}), taken());
      const result = openRelay(options).hint(finalPage);
      await pass(6000);
      await fire("online");
      await fire("pagehide");
      assert.equal(requests.length, 1);
      await pass(1000);
      assert.equal(await result, "taken");
      assert.deepEqual(gaps(requests), [7000]);
    });
  }

  for (const after of ["86400", "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    it(`is dropped when Retry-After is longer than it is worth waiting: ${after.slice(0, 30)}`, async (test) => {
      const {requests, answer} = world(test);
      answer(problem(503, "unavailable", {"Retry-After": after}));
      const states = [];
      const relay = openRelay({...options, onState: (state) => states.push(state)});
      assert.equal(await relay.hint(finalPage), "dropped");
      await settled();
      assert.equal(requests.length, 1);
      assert.deepEqual(states, ["sending", "dropped"]);
    });
  }

  for (const [status, kind] of [[400, "invalid-request"], [422, "input-refused"]]) {
    it(`is dropped after ${status}, and the next one is sent`, async (test) => {
      const {requests, answer} = world(test);
      answer(problem(status, kind), taken());
      const relay = openRelay(options);
      assert.equal(await relay.hint(finalPage), "dropped");
      assert.equal(await relay.hint(finalPage), "taken");
      assert.equal(requests.length, 2);
    });
  }

  it("is dropped when the journey had enough, and no other is sent but reading goes on", async (test) => {
    const {requests, answer} = world(test);
    answer(problem(409, "too-many-hints"), stands("waiting"));
    const relay = openRelay(options);
    assert.deepEqual(await Promise.all([relay.hint(finalPage), relay.hint({name: "sdk-finished"})]), ["dropped", "dropped"]);
    assert.equal(await relay.hint({name: "samples-uploaded", samples: 2}), "dropped");
    assert.equal(requests.length, 1);
    assert.equal((await relay.read()).phase, "waiting");
  });

  for (const status of [401, 403, 404]) {
    it(`is the last one after ${status}`, async (test) => {
      const {requests, answer} = world(test);
      answer(problem(status, "unauthenticated"));
      const states = [];
      const relay = openRelay({...options, onState: (state) => states.push(state)});
      const results = [relay.hint(finalPage), relay.hint({name: "sdk-finished"})];
      assert.deepEqual(await Promise.all(results), ["dropped", "dropped"]);
      assert.equal(await relay.hint(finalPage), "dropped");
      assert.equal(requests.length, 1);
      assert.deepEqual(states, ["sending", "refused"]);
      await assert.rejects(relay.read(), {name: "RelayError", kind: "refused"});
    });
  }

  it("that comes late says that the journey has concluded, and ends hints but not reading", async (test) => {
    const {requests, answer} = world(test);
    answer(late(), problem(503, "unavailable"));
    const relay = openRelay(options);
    assert.equal(await relay.hint(finalPage), "late");
    assert.equal(relay.state, "concluded");
    assert.equal(await relay.hint(finalPage), "late");
    assert.equal(requests.length, 1);
    relay.read().catch(() => {});
    assert.equal(requests.length, 2);
  });

  it("waits for the one before it", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(lost, taken(), taken());
    const relay = openRelay(options);
    const results = [relay.hint({name: "samples-uploaded", samples: 2}), relay.hint({name: "samples-uploaded", samples: 4})];
    await pass(1000);
    assert.deepEqual(await Promise.all(results), ["taken", "taken"]);
    assert.deepEqual(requests.map(({body}) => JSON.parse(body).samples), [2, 2, 4]);
  });

  it("that waits already is not queued twice", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(lost, taken());
    const relay = openRelay(options);
    const first = relay.hint(finalPage);
    await settled();
    assert.equal(relay.state, "waiting");
    assert.equal(relay.hint(finalPage), first);
    await pass(1000);
    assert.equal(await first, "taken");
    assert.equal(requests.length, 2);
  });

  it("is one of twenty at most", async (test) => {
    const {requests, answer} = world(test);
    answer(...Array.from({length: 30}, taken));
    const relay = openRelay(options);
    const results = await Promise.all(Array.from({length: 30}, (_, samples) => relay.hint({name: "samples-uploaded", samples: samples + 1})));
    await settled();
    assert.equal(results.filter((result) => result === "taken").length, 20);
    assert.equal(requests.length, 20);
    assert.equal(relay.state, "dropped");
  });

  it("has a code of at most 128 plain characters", async (test) => {
    const {requests, answer} = world(test);
    answer(taken());
    await openRelay(options).hint({name: "sdk-finished", code: `über "${"x".repeat(200)}`});
    assert.match(JSON.parse(requests[0].body).code, /^_ber _x{122}$/);
  });
});

describe("a relay", () => {
  it("tells how it stands, each state once", async (test) => {
    const {answer, pass} = world(test);
    answer(lost, taken());
    const states = [];
    const relay = openRelay({...options, onState: (state) => states.push(state)});
    relay.hint(finalPage);
    await pass(1000);
    relay.close();
    relay.close();
    assert.deepEqual(states, ["sending", "waiting", "sending", "idle", "closed"]);
  });

  it("is idle after a hint only when the gateway has it", async (test) => {
    const {answer} = world(test);
    answer(problem(422, "input-refused"), taken());
    const states = [];
    const relay = openRelay({...options, onState: (state) => states.push(state)});
    await relay.hint(finalPage);
    await settled();
    assert.deepEqual(states, ["sending", "dropped"]);
    await relay.hint(finalPage);
    await settled();
    assert.deepEqual(states, ["sending", "dropped", "sending", "idle"]);
  });

  it("that is closed lets a hint on its way arrive, and sends none after it", async (test) => {
    const {requests} = world(test);
    const abort = new AbortController();
    const relay = openRelay({...options, signal: abort.signal});
    const results = [relay.hint(finalPage), relay.hint({name: "sdk-finished"})];
    abort.abort();
    assert.deepEqual(await Promise.all(results), ["dropped", "dropped"]);
    assert.equal(requests.length, 1);
    assert.equal(requests[0].signal.aborted, false);
    assert.equal(relay.state, "closed");
  });

  it("stops waiting when it is closed", async (test) => {
    const {requests, answer, pass} = world(test);
    answer(lost, taken());
    const relay = openRelay(options);
    relay.hint(finalPage);
    await settled();
    relay.close();
    await pass(60_000, 5000);
    assert.equal(requests.length, 1);
  });

  it("is closed from the beginning by a signal that has aborted", async (test) => {
    world(test);
    const relay = openRelay({...options, signal: AbortSignal.abort()});
    assert.equal(relay.state, "closed");
    assert.equal(await relay.hint(finalPage), "dropped");
  });

  it("goes on when what it calls throws", async (test) => {
    const {answer} = world(test);
    answer(taken());
    const errors = [];
    globalThis.reportError = (error) => errors.push(error.message);
    test.after(() => delete globalThis.reportError);
    const relay = openRelay({...options, onState: (state) => {
      if (state === "sending") {
        throw new Error("of the page");
      }
    }});
    assert.equal(await relay.hint(finalPage), "taken");
    assert.deepEqual(errors, ["of the page"]);
  });

  for (const [wrong, change] of [
    ["the gateway over http", {gateway: "http://enroll.example"}],
    ["one whose name begins as if it were here", {gateway: "http://localhost.example"}],
    ["the gateway over anything else, also here", {gateway: "ftp://localhost/"}],
    ["a gateway with a query", {gateway: "https://enroll.example/?a=b"}],
    ["a gateway with a fragment", {gateway: "https://enroll.example/#"}],
    ["a gateway with a user", {gateway: "https://me@enroll.example/"}],
    ["a gateway with a password alone", {gateway: "https://:pw@enroll.example/"}],
    ["no journey", {journey: ""}],
    ...["..", ".", "a", "a.", "../keys", "a.b/..", "a.b/cancel", "a.b?wait=1", "a.b#c", "a%2e.b", "a.b\n", "ä.b", `a.${"b".repeat(199)}`, 7, ["a.b"]]
      .map((journey) => [`a journey ${JSON.stringify(journey)}`.slice(0, 40), {journey}]),
    ["no token", {token: ""}],
    ...[`${token}\n`, `\n${token}`, `${token}\r\nX: y`, `${token} ${token}`, "tökén", "=", null, 7, [token]]
      .map((wrong) => [`a token ${JSON.stringify(wrong)}`, {token: wrong}]),
  ]) {
    it(`refuses ${wrong}`, (test) => {
      world(test);
      assert.throws(() => openRelay({...options, ...change}), (error) => error instanceof TypeError && !error.message.includes("TOKEN"));
    });
  }

  for (const gateway of ["http://127.0.0.1:7480", "http://localhost:7480/", "http://[::1]:7480", "https://enroll.example/door/"]) {
    it(`takes ${gateway}`, (test) => {
      const {requests} = world(test);
      openRelay({...options, gateway}).hint(finalPage);
      assert.equal(requests[0].url, `${gateway.replace(/\/$/, "")}/v1/journeys/${options.journey}/hints`);
    });
  }
});
