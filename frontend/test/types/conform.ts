// The script is what its declaration says: this compiles only then.
import * as implementation from "./implementation.js";
import type * as declared from "./relay.js";

export const conforms: typeof declared = implementation;
