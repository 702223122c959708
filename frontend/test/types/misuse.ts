// What the types keep a frontend from doing. Each of these has to be refused.
import {openRelay, type HintResult, type Relay} from "./relay.js";

// @ts-expect-error A journey is needed.
openRelay({gateway: "https://enroll.example"});

const relay: Relay = openRelay({gateway: new URL("https://enroll.example"), journey: "a.b", token: "t"});

// @ts-expect-error There is no such hint.
void relay.hint({name: "webhook"});

// @ts-expect-error A hint carries no verdict.
void relay.hint({name: "final-page", outcome: "enrolled"});

// @ts-expect-error How the relay stands is not for others to say.
relay.state = "concluded";

// @ts-expect-error A relay token does not tell the outcome.
void relay.read().then((journey) => journey.outcome);

// @ts-expect-error The new token stays in the relay.
void relay.renew().then((renewed) => renewed.relay_token);

// @ts-expect-error Who calls enroll is known from the hand-over.
relay.bioID({recordings: 2});

const result: HintResult = await relay.hint({name: "samples-uploaded", samples: 2});
// @ts-expect-error A hint is not answered with an outcome.
export const enrolled = result === "enrolled";
