import assert from "node:assert/strict";
import {describe, it} from "node:test";

import {openRelay} from "../relay.js";
import {options, settled, taken, world} from "./world.js";

const captureURL = "https://id.example/?i=5f0c&s=secret%3D%3D";
const verified = {type: "authid:page", pageName: "verifiedPage", success: true};

/** Opens a relay in a world that takes every hint, and collects what it says and sends. */
function listening(test) {
  const around = world(test);
  around.answer(...Array.from({length: 30}, taken));
  const events = [];
  const relay = openRelay({...options, onEvent: (event) => events.push(event)});
  return {...around, relay, events, hints: () => around.requests.map(({body}) => JSON.parse(body))};
}

describe("authID's page", () => {
  const frame = {contentWindow: {}};
  const say = async (page, data, {origin = "https://id.example", source = frame.contentWindow} = {}) => {
    page.dispatchEvent(Object.assign(new Event("message"), {data, origin, source}));
    await settled();
  };

  it("is heard at its end, and is one hint however often it says so", async (test) => {
    const {window, relay, events, hints} = listening(test);
    relay.authID({captureURL, frame});
    await say(window, verified);
    await say(window, verified);
    assert.deepEqual(hints(), [{name: "final-page"}]);
    assert.deepEqual(events, [{provider: "authid", name: "verifiedPage", final: true, success: true}]);
  });

  for (const [from, forged] of [
    ["another origin", {origin: "https://evil.example"}],
    ["an origin that begins alike", {origin: "https://id.example.evil"}],
    ["the origin on another port", {origin: "https://id.example:8443"}],
    ["no origin", {origin: "null"}],
    ["another window of the same origin", {source: {}}],
    ["nowhere", {source: null}],
  ]) {
    it(`is not what comes from ${from}`, async (test) => {
      const {window, relay, events, hints} = listening(test);
      relay.authID({captureURL, frame});
      await say(window, verified, forged);
      assert.deepEqual([events, hints()], [[], []]);
    });
  }

  it("cannot be that of a frame without an origin", (test) => {
    const {relay} = listening(test);
    assert.throws(() => relay.authID({captureURL: "data:text/html,hello", frame}), TypeError);
  });

  it("is any frame directly in this page when none is named", async (test) => {
    const {window, relay, hints} = listening(test);
    relay.authID({captureURL});
    await say(window, verified, {source: {parent: {}}}); // Somebody else's frame, such as that of a pop-up.
    await say(window, verified, {source: window});
    await say(window, verified, {source: null});
    assert.deepEqual(hints(), []);
    await say(window, verified, {source: {parent: window}});
    assert.deepEqual(hints(), [{name: "final-page"}]);
  });

  for (const data of [null, "authid:page", {type: "authid:page"}, {type: "authid:page", pageName: 7}, {pageName: "verifiedPage", success: true}, {type: "authid:control:loaded"}]) {
    it(`does not say ${JSON.stringify(data)}`, async (test) => {
      const {window, relay, events, hints} = listening(test);
      relay.authID({captureURL, frame});
      await say(window, data);
      assert.deepEqual([events, hints()], [[], []]);
    });
  }

  for (const name of ["documentFailedPage", "documentFailedNonMobilePage", "livenessErrorPage", "networkErrorPage", "docScanWasmTimeoutPage", "requestTimeoutPage", "someNewPage"]) {
    it(`is on the way with ${name}`, async (test) => {
      const {window, relay, events, hints} = listening(test);
      relay.authID({captureURL, frame});
      await say(window, {type: "authid:page", pageName: name, success: true});
      assert.deepEqual(events, [{provider: "authid", name, final: false}]);
      assert.deepEqual(hints(), []);
    });
  }

  for (const name of ["defaultFailedPage", "standardErrorPage", "QRCodePage", "transactionNotValidPage", "transactionMaxAttemptsPage",
    "verifiedMatchFailPage", "verifyDeclinedPage", "docScanResolutionTooLowPage", "videoDeviceNotFoundPage"]) {
    it(`has ended without success with ${name}, whatever it claims`, async (test) => {
      const {window, relay, events, hints} = listening(test);
      relay.authID({captureURL, frame});
      await say(window, {type: "authid:page", pageName: name, success: true});
      assert.deepEqual(events, [{provider: "authid", name, final: true, success: false}]);
      assert.deepEqual(hints(), [{name: "final-page", code: name}]);
    });
  }

  it("is no success without the word for it", async (test) => {
    const {window, relay, events} = listening(test);
    relay.authID({captureURL, frame});
    await say(window, {type: "authid:page", pageName: "verifiedPage", success: "true"});
    assert.equal(events[0].success, false);
  });

  it("is not heard any more after stopping, or when the relay is closed", async (test) => {
    const {window, relay, hints} = listening(test);
    const stop = relay.authID({captureURL, frame});
    stop();
    await say(window, verified);
    relay.authID({captureURL, frame});
    relay.close();
    await say(window, verified);
    relay.authID({captureURL, frame});
    await say(window, verified);
    assert.deepEqual(hints(), []);
  });

  it("of a renewed hand-over is heard anew", async (test) => {
    const {window, relay, hints} = listening(test);
    const stop = relay.authID({captureURL, frame});
    await say(window, {type: "authid:page", pageName: "transactionNotValidPage", success: false});
    stop();
    relay.authID({captureURL, frame});
    await say(window, {type: "authid:page", pageName: "transactionNotValidPage", success: false});
    assert.equal(hints().length, 2);
  });
});

describe("iProov's element", () => {
  const say = async (element, type, detail = {}) => {
    element.dispatchEvent(Object.assign(new Event(type), {detail: {token: "the token", ...detail}}));
    await settled();
  };

  it("has passed", async (test) => {
    const {relay, events, hints} = listening(test);
    const element = new EventTarget();
    relay.iProov(element);
    await say(element, "ready");
    await say(element, "progress", {progress: 40, message: "Streaming"});
    await say(element, "passed", {passed: true, feedback: undefined});
    assert.deepEqual(events.map(({name, final, success, progress, reason}) => [name, final, success, progress, reason]), [
      ["ready", false, undefined, undefined, undefined], ["progress", false, undefined, 40, "Streaming"], ["passed", true, true, undefined, undefined],
    ]);
    assert.deepEqual(hints(), [{name: "sdk-finished"}]);
    assert.doesNotMatch(JSON.stringify(events), /the token/);
  });

  for (const [type, detail, code] of [
    ["failed", {feedback: "eyes_closed", reason: "Keep your eyes open"}, "eyes_closed"],
    ["error", {feedback: "error_network"}, "error_network"],
    ["canceled", {}, "canceled"],
    ["unsupported", {feedback: "error_not_supported"}, "error_not_supported"],
    ["no_camera", undefined, "no_camera"],
  ]) {
    it(`has ${type}, with its code`, async (test) => {
      const {relay, events, hints} = listening(test);
      const element = new EventTarget();
      relay.iProov(element);
      await say(element, type, detail);
      await say(element, type, detail);
      assert.deepEqual(hints(), [{name: "sdk-finished", code}]);
      assert.equal(events.length, 1);
      assert.equal(events[0].success, false);
      assert.equal(events[0].reason, detail?.reason);
    });
  }

  for (const type of ["permission", "permission_denied", "started", "connecting", "connected", "streaming", "streamed"]) {
    it(`is on the way with ${type}`, async (test) => {
      const {relay, events, hints} = listening(test);
      const element = new EventTarget();
      relay.iProov(element);
      await say(element, type);
      assert.deepEqual([events.length, hints()], [1, []]);
    });
  }

  it("needs no detail", async (test) => {
    const {relay, hints} = listening(test);
    const element = new EventTarget();
    relay.iProov(element);
    element.dispatchEvent(new Event("failed"));
    await settled();
    assert.deepEqual(hints(), [{name: "sdk-finished", code: "failed"}]);
  });
});

describe("BioID's script", () => {
  it("performs the task itself, and is one hint when that is done", async (test) => {
    const {relay, events, hints} = listening(test);
    const called = [];
    const script = relay.bioID({
      recordings: 2, performedBy: "browser", onStatus: (...all) => called.push(all), onDone: (...all) => called.push(all),
    });
    script.status("Uploading");
    script.status("Uploaded", "", "data:image/png;base64,AA");
    script.status("NoFaceFound");
    script.status("Uploaded", "ImageTooSmall", "data:image/png;base64,AA");
    script.status("Training");
    assert.deepEqual(hints(), []);
    script.done(null);
    await settled();
    assert.deepEqual(hints(), [{name: "samples-uploaded", samples: 2}]);
    assert.deepEqual(events.at(-1), {provider: "bioid", name: "done", final: true, success: true, samples: 2});
    assert.deepEqual(called[1], ["Uploaded", "", "data:image/png;base64,AA"]);
    assert.deepEqual(called.at(-1), [null]);
    assert.doesNotMatch(JSON.stringify(events), /data:image/);
  });

  it("may try again, and counts anew", async (test) => {
    const {relay, events, hints} = listening(test);
    const script = relay.bioID({recordings: 2, performedBy: "browser"});
    for (const done of [["LiveDetectionFailed", true], [undefined]]) {
      script.status("Uploaded");
      script.status("Uploaded");
      script.done(...done);
      await settled();
    }
    assert.deepEqual(hints(), [{name: "samples-uploaded", samples: 2, code: "LiveDetectionFailed"}, {name: "samples-uploaded", samples: 2}]);
    assert.deepEqual(events.filter(({final}) => final).map(({name, success}) => [name, success]), [["LiveDetectionFailed", false], ["done", true]]);
  });

  it("that ends without a sample is told to the page only", async (test) => {
    const {relay, events, hints} = listening(test);
    relay.bioID({recordings: 2, performedBy: "browser"}).done("Activity time is over!");
    await settled();
    assert.deepEqual(hints(), []);
    assert.deepEqual(events, [{provider: "bioid", name: "Activity time is over!", final: true, success: false, samples: 0}]);
  });

  it("leaves the task to us, and is a hint with the last recording", async (test) => {
    const {relay, hints} = listening(test);
    const script = relay.bioID({recordings: 2, performedBy: "us"});
    script.status("Uploaded");
    assert.deepEqual(hints(), []);
    script.status("Uploaded");
    await settled();
    assert.deepEqual(hints(), [{name: "samples-uploaded", samples: 2}]);
  });

  it("need not be there for those who upload themselves", async (test) => {
    const {relay, hints} = listening(test);
    relay.bioID({recordings: 4, performedBy: "us"}).uploaded(4);
    await settled();
    assert.deepEqual(hints(), [{name: "samples-uploaded", samples: 4}]);
  });

  for (const count of [-1, NaN, Infinity, 1.5, "2", undefined]) {
    it(`has not uploaded ${count} samples, and nobody is told so`, async (test) => {
      const {window, relay, events, hints} = listening(test);
      const got = [];
      window.BioenrollAndroid = {postMessage: (text) => got.push(text)};
      const inApp = openRelay(options);
      for (const each of [relay, inApp]) {
        assert.throws(() => each.bioID({recordings: 1, performedBy: "us"}).uploaded(count), TypeError);
      }
      await settled();
      assert.deepEqual([events, hints(), got], [[], [], []]);
    });
  }

  it("says nothing after the relay is closed", async (test) => {
    const {relay, events, hints} = listening(test);
    const script = relay.bioID({recordings: 1, performedBy: "us"});
    relay.close();
    script.uploaded(1);
    await settled();
    assert.deepEqual([events, hints()], [[], []]);
  });
});
