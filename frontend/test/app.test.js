import assert from "node:assert/strict";
import {describe, it} from "node:test";

import {openRelay} from "../relay.js";
import {late, options, settled, taken, world} from "./world.js";

/** Puts the page into an app: on Android, where text is taken, or on iOS, which takes objects. */
const apps = {
  android: (page, got) => {
    page.BioenrollAndroid = {postMessage: (text) => {
      assert.equal(typeof text, "string");
      got.push(JSON.parse(text));
    }};
  },
  ios: (page, got) => {
    page.webkit = {messageHandlers: {bioenroll: {postMessage: (message) => {
      assert.equal(typeof message, "object");
      got.push(message);
      return Promise.resolve();
    }}}};
  },
};

/** Lets iProov's element pass on a page in an app, and returns what the app got. */
async function passed(around, platform, change = {}) {
  const got = [];
  apps[platform](around.window, got);
  const relay = openRelay({...options, ...change});
  const element = new EventTarget();
  relay.iProov(element);
  element.dispatchEvent(Object.assign(new Event("failed"), {detail: {feedback: "too_dark", token: "SECRET"}}));
  await settled();
  return got;
}

for (const platform of Object.keys(apps)) {
  describe(`an app on ${platform}`, () => {
    it("gets each event, hint and state, and the gateway gets the hint", async (test) => {
      const around = world(test);
      around.answer(late());
      const got = await passed(around, platform);
      const head = {version: 1, journey: options.journey};
      assert.deepEqual(got, [
        {...head, type: "bioenroll:event", event: {provider: "iproov", name: "failed", final: true, success: false, feedback: "too_dark"}},
        {...head, type: "bioenroll:hint", hint: {name: "sdk-finished", code: "too_dark"}},
        {...head, type: "bioenroll:state", state: "sending"},
        {...head, type: "bioenroll:state", state: "concluded"},
      ]);
      assert.equal(around.requests.length, 1);
    });

    it("gets hints instead of the gateway, and needs no token for that", async (test) => {
      const around = world(test);
      const got = await passed(around, platform, {app: "instead", token: undefined});
      assert.deepEqual(got.map(({type}) => type), ["bioenroll:event", "bioenroll:hint"]);
      assert.equal(around.requests.length, 0);
    });

    it("is no reason for a token that a header cannot hold", (test) => {
      const around = world(test);
      apps[platform](around.window, []);
      assert.throws(() => openRelay({...options, app: "instead", token: `${options.token}\n`}), TypeError);
    });

    it("leaves asking the gateway to the app when the page has no token", async (test) => {
      const around = world(test);
      apps[platform](around.window, []);
      const relay = openRelay({...options, app: "instead", token: undefined});
      await assert.rejects(relay.follow(), TypeError);
      assert.deepEqual([relay.state, around.requests.length], ["idle", 0]);
    });

    it("gets nothing if it should not", async (test) => {
      const around = world(test);
      around.answer(taken());
      assert.deepEqual(await passed(around, platform, {app: "never"}), []);
      assert.equal(around.requests.length, 1);
    });

    it("never gets a token", async (test) => {
      const around = world(test);
      around.answer(taken());
      assert.doesNotMatch(JSON.stringify(await passed(around, platform)), /TOKEN|SECRET/);
    });
  });
}

describe("an app that fails to take messages", () => {
  const fail = () => {
    throw new Error("gone");
  };
  for (const [how, outside] of [
    ["on Android", {BioenrollAndroid: {postMessage: fail}}],
    ["on iOS", {webkit: {messageHandlers: {bioenroll: {postMessage: fail}}}}],
    ["on iOS, and says so later", {webkit: {messageHandlers: {bioenroll: {postMessage: async () => fail()}}}}],
  ]) {
    it(`${how} does not keep the gateway from its hints, and is reported once`, async (test) => {
      const {window, answer} = world(test);
      answer(taken(), taken());
      const errors = [];
      globalThis.reportError = (error) => errors.push(error.message);
      test.after(() => delete globalThis.reportError);
      Object.assign(window, outside);
      const relay = openRelay(options);
      assert.equal(await relay.hint({name: "final-page"}), "taken");
      assert.equal(await relay.hint({name: "sdk-finished"}), "taken");
      await settled();
      assert.deepEqual(errors, ["gone"]);
    });
  }
});

describe("without an app", () => {
  it("hints cannot be sent by one", (test) => {
    world(test);
    assert.throws(() => openRelay({...options, app: "instead"}), TypeError);
  });

  it("a page of Safari is no app", async (test) => {
    const {window, requests} = world(test);
    window.webkit = {messageHandlers: {}};
    openRelay(options).hint({name: "final-page"});
    assert.equal(requests.length, 1);
  });

  it("a hint of one that sends itself is told so", async (test) => {
    const {window} = world(test);
    window.BioenrollAndroid = {postMessage: () => {}};
    assert.equal(await openRelay({...options, app: "instead"}).hint({name: "final-page"}), "app");
  });
});
