// The declaration says what the gateway's description says, in both directions.
// The types of the description are generated before this is compiled.
import type * as described from "./described/types.gen.js";
import type * as declared from "./relay.js";

type Same<One, Other> = [One, Other] extends [Other, One] ? true : never;

export const same: {
  handOver: Same<declared.HandOver, described.HandOver>;
  renewed: Same<declared.Renewed, Omit<described.RenewedHandOver, "relay_token">>;
  // The script adds nothing of the device; the gateway sees that itself.
  hint: Same<declared.Hint, Omit<described.Hint, "client">>;
  // A journey has more for those who have more than a relay token.
  journey: Same<declared.Journey, Pick<described.Journey, keyof declared.Journey>>;
} = {handOver: true, renewed: true, hint: true, journey: true};
