// A receiver of outcome events: it believes what is signed with its secret, and counts an event that comes twice once.

import {createServer, type IncomingMessage} from "node:http";
import type {AddressInfo} from "node:net";
import {text} from "node:stream/consumers";
import {Webhook} from "standardwebhooks";
import type {OutcomeEvent} from "./generated";

export class Receiver {
  private readonly known = new Set<string>();
  private readonly latest = new Map<string, OutcomeEvent>();
  private readonly waiting = new Map<string, () => void>();
  private webhook: Webhook | undefined;

  private readonly server = createServer((request, response) => {
    this.take(request).then(
      () => response.writeHead(204).end(),
      () => response.writeHead(401).end(), // It comes again, should this be a mistake.
    );
  });

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/outcomes`;
  }

  trust(secret: string): void {
    this.webhook = new Webhook(secret);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** The last event of the journey, as soon as there is one. */
  async told(id: string): Promise<OutcomeEvent> {
    for (;;) {
      const event = this.latest.get(id);
      if (event) return event;
      await new Promise<void>((resolve) => this.waiting.set(id, resolve));
    }
  }

  private async take(request: IncomingMessage): Promise<void> {
    if (!this.webhook) throw new Error("there is no secret yet");
    const body = await text(request);
    const event = this.webhook.verify(body, request.headers as Record<string, string>) as OutcomeEvent;
    const id = String(request.headers["webhook-id"]);
    if (this.known.has(id)) return;
    this.known.add(id);
    const before = this.latest.get(event.data.id);
    if (!before || before.data.sequence < event.data.sequence) this.latest.set(event.data.id, event);
    this.waiting.get(event.data.id)?.();
  }
}
