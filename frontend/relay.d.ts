// Copyright The Bioenroll Authors
// SPDX-License-Identifier: Apache-2.0

/** Opens the relay of one journey. Throws a TypeError when the options cannot be right. */
export function openRelay(options: Options): Relay;

export interface Options {
  /** Address of the gateway, such as https://enroll.example. Over https, or http on this machine; without a user or a query. */
  gateway: string | URL;
  /** The journey's `id`, from the answer to its start. */
  journey: string;
  /** The journey's `relay_token`, from the same answer. Not needed when the app sends the hints. */
  token?: string;
  /**
   * What goes to the app when the page runs in its WebView: `also` (unless given) hands it everything and sends hints from
   * here as well, `instead` leaves sending hints to the app, `never` hands it nothing.
   */
  app?: "also" | "instead" | "never";
  /** Closes the relay when it aborts. */
  signal?: AbortSignal;
  /** What the provider's page, element or script said. To show to the person; it decides nothing. */
  onEvent?: (event: PageEvent) => void;
  /** How the relay stands, whenever that changes. */
  onState?: (state: State) => void;
}

/**
 * How a relay stands.
 *
 * - `idle`: nothing to send. After a hint: the gateway has it.
 * - `sending`: a hint is on its way.
 * - `waiting`: a hint did not arrive, and is sent again as soon as that makes sense.
 * - `dropped`: nothing to send, but the last hint was given up. The journey asks the provider by itself.
 * - `concluded`: the journey has concluded. No more hints are sent; reading goes on.
 * - `refused`: the gateway does not accept the token any more (401, 403, 404). It is over.
 * - `closed`: by you.
 */
export type State = "idle" | "sending" | "waiting" | "dropped" | "concluded" | "refused" | "closed";

export interface Relay {
  readonly state: State;

  /**
   * Hears authID's capture page and sends `final-page` once for each page on which the capture is over. Messages of other
   * origins and of other windows are ignored. Without `frame` it may be any frame directly in this page, such as the one that
   * authID's own element hides. The answer stops hearing.
   */
  authID(capture: { captureURL: string; frame?: HTMLIFrameElement }): () => void;

  /**
   * Hears iProov's element `iproov-me` and sends `sdk-finished` when it has ended, with its feedback code unless the person
   * passed. Call it again for the element of a new token. The answer stops hearing.
   */
  iProov(element: Element): () => void;

  /**
   * Makes the callbacks of BioID's capture script, or for code that uploads by itself, and sends `samples-uploaded` with the
   * number of samples that BioID accepted. Yours are called after the relay's.
   */
  bioID(capture: {
    /** From the hand-over: how many samples make an attempt. */
    recordings: number;
    /** From the hand-over: who calls enroll after the upload. With `browser` the hint is sent when that is done. */
    performedBy: "us" | "browser";
    onStatus?: (status: string, message?: string, dataURL?: string) => void;
    onDone?: (error?: unknown, again?: boolean) => void;
  }): BioIDCallbacks;

  /** Sends a hint of your own. The promise never rejects. */
  hint(hint: Hint): Promise<HintResult>;

  /** Reads how the journey stands. Rejects with a RelayError. */
  read(): Promise<Journey>;

  /**
   * Waits until the journey has concluded, through networks that are lost and gateways that restart. Calls onChange with how
   * it stands at first, and whenever that was read differently. Rejects with a RelayError when the relay is refused or closed.
   */
  follow(onChange?: (journey: Journey) => void): Promise<Journey>;

  /**
   * Asks for a new hand-over, because the old one ran out or was used up. Rejects with a RelayError: `concluded` when the
   * journey has an outcome, `not-renewable` when there are no more. Calls at the same time are one.
   */
  renew(): Promise<Renewed>;

  /** Stops hearing and asking, and forgets the token. A hint that is on its way arrives. */
  close(): void;
}

export interface BioIDCallbacks {
  /** For the script's onStatus. */
  status(status: string, message?: string, dataURL?: string): void;
  /** For the script's onDone. */
  done(error?: unknown, again?: boolean): void;
  /** For code that uploads by itself: so many samples were accepted, and that is all of them. Throws a TypeError unless it is a whole number. */
  uploaded(count: number): void;
}

/** What wakes a journey. It carries no verdict. */
export interface Hint {
  name: "final-page" | "samples-uploaded" | "sdk-finished";
  /** The provider's own code, for operators. Cut to 128 plain characters. */
  code?: string;
  /** How many samples were uploaded; with `samples-uploaded`, and at least one. */
  samples?: number;
}

/**
 * What became of a hint: the gateway has it (`taken`); the journey had concluded (`late`); the app has it (`app`); it was
 * given up, because it could not arrive or would not be accepted (`dropped`). The journey's own questions make up for that.
 */
export type HintResult = "taken" | "late" | "app" | "dropped";

/** What the provider's page, element or script said. */
export interface PageEvent {
  provider: "authid" | "bioid" | "iproov";
  /** The provider's own word: authID's page, iProov's event, BioID's status or error. */
  name: string;
  /** Whether the capture is over with it, or at BioID this attempt at it. */
  final: boolean;
  /** What the page makes of it, when it is over. To show to the person meanwhile; only the journey knows. */
  success?: boolean;
  /** iProov's feedback code. */
  feedback?: string;
  /** iProov's sentence for the person, in the element's language. */
  reason?: string;
  /** iProov's progress in percent. */
  progress?: number;
  /** How many samples BioID has accepted in this attempt. */
  samples?: number;
}

/** How a journey stands, as far as a relay token may know: not its outcome, which your backend tells. */
export interface Journey {
  id: string;
  journey: "authid.enroll" | "authid.live-selfie" | "bioid.enroll" | "smartid.enroll" | "smartid.unenroll" | "iproov.photo-enroll";
  provider: "authid" | "bioid" | "smartid" | "iproov";
  phase: "beginning" | "waiting" | "concluded";
  /** When the journey stops waiting, as in RFC 3339. */
  deadline?: string;
  attempts_left?: number;
  renewals_left?: number;
  /** Once concluded: whether another journey can end differently without anybody changing anything. */
  can_retry?: boolean;
}

/** A new hand-over. The relay has kept the token that came with it. */
export interface Renewed {
  id: string;
  deadline?: string;
  renewals_left: number;
  hand_over: HandOver;
}

/** What opens the capture; one of the providers is there. It is as good as the person: keep it in memory. */
export interface HandOver {
  /** When the provider stops accepting it, as in RFC 3339. */
  expires_at: string;
  authid?: { operation_id: string; one_time_secret?: string; capture_url?: string; transport_type: 0 | 1 | 2 };
  bioid?: { base_url: string; token: string; traits?: string; recordings: number; challenge?: string[][]; performed_by: "us" | "browser" };
  iproov?: { user_id: string; token: string; streaming_url: string; assurance_type: "genuine_presence" | "liveness" };
}

export type RelayErrorKind = "concluded" | "not-renewable" | "refused" | "closed" | "unreachable" | "failed";

/** Why something could not be done: `kind` is for code, `message` for developers. */
export class RelayError extends Error {
  constructor(kind: RelayErrorKind, message: string);
  readonly kind: RelayErrorKind;
}

/**
 * What an app gets: as text at `BioenrollAndroid.postMessage` on Android, as an object at the message handler `bioenroll` on
 * iOS. It never holds the relay token or the hand-over.
 */
export type AppMessage = { version: 1; journey: string } & AppMessageBody;

export type AppMessageBody =
  | { type: "bioenroll:event"; event: PageEvent }
  | { type: "bioenroll:hint"; hint: Hint }
  | { type: "bioenroll:state"; state: State };
